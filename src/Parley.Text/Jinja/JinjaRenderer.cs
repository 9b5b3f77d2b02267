namespace Parley.Text.Jinja;

/// <summary>Walks the nodes of one template with one set of names. Loops and macros have scopes of their own; a plain <c>if</c> has none.</summary>
internal sealed class JinjaRenderer
{
    private const int LongestOutput = 1 << 24; // characters; a runaway template stops here
    private const int MostSteps = 1_000_000;
    private const int DeepestCall = 100;

    private readonly string[] lines;
    private readonly JinjaEvaluator evaluator;
    private readonly Scope globals;
    private Scope scope;
    private MarkedTextBuilder output = new();
    private int steps;
    private int callDepth;
    private bool breaks;
    private bool continues;

    public JinjaRenderer(string[] lines, Dictionary<string, object?> names, TimeProvider time)
    {
        this.lines = lines;
        globals = scope = new Scope(null, names);
        evaluator = new JinjaEvaluator(Lookup, Fault, time);
    }

    public MarkedText Render(IReadOnlyList<Node> nodes)
    {
        Run(nodes);
        return output.ToText();
    }

    private object? Lookup(string name)
    {
        for (Scope? place = scope; place is not null; place = place.Outer)
        {
            if (place.Names.TryGetValue(name, out object? value))
                return value;
        }
        return Undefined.Value;
    }

    private JinjaException Fault(int line, string problem) => new(line, lines[Math.Clamp(line, 1, lines.Length) - 1], problem);

    private void Run(IReadOnlyList<Node> nodes)
    {
        foreach (Node node in nodes)
        {
            if (++steps > MostSteps)
                throw Fault(node.Line, $"more than {MostSteps} steps.");
            Run(node);
            if (breaks || continues)
                return;
        }
    }

    private void Run(Node node)
    {
        switch (node)
        {
            case TextNode text:
                Write(text.Text, text.Line);
                break;
            case PrintNode print:
                Write(Values.ToText(evaluator.Evaluate(print.Value)), print.Line);
                break;
            case IfNode choice:
                RunIf(choice);
                break;
            case ForNode loop:
                RunFor(loop);
                break;
            case SetNode set:
                RunSet(set);
                break;
            case SetBlockNode block:
                scope.Names[block.Target] = Capture(block.Body);
                break;
            case MacroNode macro:
                scope.Names[macro.Name] = new Callable(macro.Name, arguments => CallMacro(macro, arguments));
                break;
            case TransparentNode transparent:
                Run(transparent.Body);
                break;
            case BreakNode:
                breaks = true;
                break;
            case ContinueNode:
                continues = true;
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void Write(MarkedText text, int line)
    {
        if (output.Length + text.Length > LongestOutput)
            throw Fault(line, $"the output grows past {LongestOutput} characters.");
        output.Append(text);
    }

    private void RunIf(IfNode choice)
    {
        foreach ((Expression condition, IReadOnlyList<Node> body) in choice.Branches)
        {
            if (!Values.IsTrue(evaluator.Evaluate(condition)))
                continue;
            Run(body);
            return;
        }
        Run(choice.Else);
    }

    private void RunFor(ForNode loop)
    {
        List<object?> items = [.. evaluator.Iterate(evaluator.Evaluate(loop.Source), loop.Line)];
        Scope outer = scope;
        if (loop.Filter is not null)
            items.RemoveAll(item => !Matches(loop, item, outer));
        for (int i = 0; i < items.Count; i++)
        {
            scope = new Scope(outer, new(StringComparer.Ordinal));
            Unpack(loop.Targets, items[i], loop.Line);
            scope.Names["loop"] = Loop(items, i);
            Run(loop.Body);
            continues = false;
            if (breaks)
                break;
        }
        breaks = false;
        scope = outer;
        if (items.Count == 0)
            Run(loop.Else);
    }

    private bool Matches(ForNode loop, object? item, Scope outer)
    {
        scope = new Scope(outer, new(StringComparer.Ordinal));
        Unpack(loop.Targets, item, loop.Line);
        bool matches = Values.IsTrue(evaluator.Evaluate(loop.Filter!));
        scope = outer;
        return matches;
    }

    private static JinjaMap Loop(List<object?> items, int index)
    {
        JinjaMap loop = new();
        Set("index", (long)index + 1);
        Set("index0", (long)index);
        Set("revindex", (long)items.Count - index);
        Set("revindex0", (long)items.Count - index - 1);
        Set("first", index == 0);
        Set("last", index == items.Count - 1);
        Set("length", (long)items.Count);
        Set("previtem", index > 0 ? items[index - 1] : Undefined.Value);
        Set("nextitem", index + 1 < items.Count ? items[index + 1] : Undefined.Value);
        return loop;

        void Set(string name, object? value) => loop[MarkedText.OfTemplate(name)] = value;
    }

    private void RunSet(SetNode set)
    {
        object? value = evaluator.Evaluate(set.Value);
        if (set.Attribute is null)
        {
            Unpack(set.Targets, value, set.Line);
            return;
        }
        if (Lookup(set.Targets[0]) is not Namespace space)
            throw Fault(set.Line, $"'{set.Targets[0]}' is no namespace, so '{set.Attribute}' cannot be set on it.");
        space.Members[set.Attribute] = value;
    }

    private void Unpack(IReadOnlyList<string> targets, object? value, int line)
    {
        if (targets.Count == 1)
        {
            scope.Names[targets[0]] = value;
            return;
        }
        List<object?> parts = [.. evaluator.Iterate(value, line)];
        if (parts.Count != targets.Count)
            throw Fault(line, $"{parts.Count} values for {targets.Count} names.");
        for (int i = 0; i < parts.Count; i++)
            scope.Names[targets[i]] = parts[i];
    }

    private MarkedText Capture(IReadOnlyList<Node> body)
    {
        MarkedTextBuilder outer = output;
        output = new();
        Run(body);
        MarkedText captured = output.ToText();
        output = outer;
        return captured;
    }

    private MarkedText CallMacro(MacroNode macro, CallArguments arguments)
    {
        if (++callDepth > DeepestCall)
            throw Fault(macro.Line, $"macros call each other deeper than {DeepestCall}.");
        if (arguments.Positional.Count > macro.Parameters.Count)
            throw Fault(macro.Line, $"'{macro.Name}' takes {macro.Parameters.Count} arguments, was given {arguments.Positional.Count}.");
        string? unknown = arguments.Named.Keys.FirstOrDefault(name => !macro.Parameters.Any(parameter => parameter.Name == name));
        if (unknown is not null)
            throw Fault(macro.Line, $"'{macro.Name}' has no parameter '{unknown}'.");
        Scope caller = scope;
        scope = new Scope(globals, new(StringComparer.Ordinal));
        for (int i = 0; i < macro.Parameters.Count; i++)
        {
            (string name, Expression? otherwise) = macro.Parameters[i];
            object? given = arguments.Get(i, name, NotGiven);
            scope.Names[name] = ReferenceEquals(given, NotGiven) ? otherwise is null ? Undefined.Value : evaluator.Evaluate(otherwise) : given;
        }
        MarkedText result = Capture(macro.Body);
        scope = caller;
        callDepth--;
        return result;
    }

    private static readonly object NotGiven = new();

    private sealed record Scope(Scope? Outer, Dictionary<string, object?> Names);
}
