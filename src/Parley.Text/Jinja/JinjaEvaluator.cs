namespace Parley.Text.Jinja;

/// <summary>Computes expressions. Knows the operators, item access and calls; filters and tests are in their own table.</summary>
internal sealed class JinjaEvaluator
{
    private readonly Func<string, object?> lookup;
    private readonly Func<int, string, JinjaException> fault;
    private readonly JinjaLibrary library;

    public JinjaEvaluator(Func<string, object?> lookup, Func<int, string, JinjaException> fault, TimeProvider time)
    {
        this.lookup = lookup;
        this.fault = fault;
        library = new JinjaLibrary(this, fault, time);
    }

    public object? Evaluate(Expression expression)
    {
        switch (expression)
        {
            case Literal literal:
                return literal.Value;
            case NameExpression name:
                object? value = lookup(name.Name);
                return value is Undefined && library.Global(name.Name, name.Line) is { } global ? global : value;
            case ListExpression list:
                return list.Items.Select(Evaluate).ToList();
            case MapExpression map:
                return EvaluateMap(map);
            case Attribute attribute:
                return GetAttribute(Evaluate(attribute.Target), attribute.Name, attribute.Line);
            case Item item:
                return GetItem(Evaluate(item.Target), Evaluate(item.Key), item.Line);
            case Slice slice:
                return EvaluateSlice(slice);
            case Call call:
                return EvaluateCall(call);
            case Filter filter:
                return library.ApplyFilter(filter.Name, Evaluate(filter.Value), EvaluateArguments(filter.Arguments), filter.Line);
            case Test test:
                return library.ApplyTest(test.Name, Evaluate(test.Value), EvaluateArguments(test.Arguments), test.Line) != test.IsNegated;
            case Unary unary:
                return EvaluateUnary(unary);
            case Binary binary:
                return EvaluateBinary(binary);
            case Conditional choice:
                return Values.IsTrue(Evaluate(choice.Condition)) ? Evaluate(choice.Then) : choice.Else is null ? Undefined.Value : Evaluate(choice.Else);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>The items of a list, the keys of a mapping, the characters of a string; nothing for an undefined value.</summary>
    public IEnumerable<object?> Iterate(object? value, int line) => value switch
    {
        List<object?> list => list,
        JinjaMap map => map.Entries.Select(entry => (object?)entry.Key),
        MarkedText text => Enumerable.Range(0, text.Length).Select(i => (object?)text.Slice(i, 1)),
        Undefined => [],
        _ => throw fault(line, $"a {Values.Name(value)} cannot be walked through."),
    };

    public object? GetAttribute(object? target, string name, int line)
    {
        if (library.Method(target, name, line) is { } method)
            return method;
        switch (target)
        {
            case Undefined:
                throw fault(line, $"'{name}' is asked of an undefined value.");
            case JinjaMap map:
                map.TryGet(MarkedText.OfTemplate(name), out object? member);
                return member;
            case Namespace space:
                return space.Members.TryGetValue(name, out object? value) ? value : Undefined.Value;
            default:
                return Undefined.Value;
        }
    }

    public object? GetItem(object? target, object? key, int line)
    {
        switch (target)
        {
            case Undefined:
                throw fault(line, "an item is asked of an undefined value.");
            case JinjaMap map:
                return map.TryGet(key, out object? member) ? member : key is MarkedText name && library.Method(map, name.Value, line) is { } method ? method : Undefined.Value;
            case List<object?> list when key is long or bool:
                return Place(Values.ToWhole(key), list.Count) is int place ? list[place] : Undefined.Value;
            case MarkedText text when key is long or bool:
                return Place(Values.ToWhole(key), text.Length) is int character ? text.Slice(character, 1) : Undefined.Value;
            default:
                return key is MarkedText attribute ? GetAttribute(target, attribute.Value, line) : Undefined.Value;
        }
    }

    public object? Invoke(object? callee, CallArguments arguments, int line) => callee is Callable callable
        ? callable.Invoke(arguments)
        : throw fault(line, $"a {Values.Name(callee)} cannot be called.");

    private static int? Place(long index, int count)
    {
        if (index < 0)
            index += count;
        return index >= 0 && index < count ? (int)index : null;
    }

    private JinjaMap EvaluateMap(MapExpression map)
    {
        JinjaMap result = new();
        foreach ((Expression key, Expression value) in map.Entries)
            result[Evaluate(key) ?? throw fault(map.Line, "none cannot be a key.")] = Evaluate(value);
        return result;
    }

    private object? EvaluateCall(Call call)
    {
        object? callee = Evaluate(call.Callee);
        if (callee is Undefined && call.Callee is NameExpression name)
            throw fault(call.Line, $"the function '{name.Name}' is not supported.");
        if (callee is Undefined && call.Callee is Attribute method)
            throw fault(call.Line, $"the method '{method.Name}' is not supported.");
        return Invoke(callee, EvaluateArguments(call.Arguments), call.Line);
    }

    private CallArguments EvaluateArguments(Arguments arguments)
    {
        Dictionary<string, object?> named = new(StringComparer.Ordinal);
        foreach ((string name, Expression value) in arguments.Named)
            named[name] = Evaluate(value);
        return new([.. arguments.Positional.Select(Evaluate)], named);
    }

    private object EvaluateSlice(Slice slice)
    {
        object? target = Evaluate(slice.Target);
        int count = target switch
        {
            List<object?> list => list.Count,
            MarkedText text => text.Length,
            _ => throw fault(slice.Line, $"a {Values.Name(target)} cannot be cut."),
        };
        List<int> places = Places(Bound(slice.Start, slice.Line), Bound(slice.Stop, slice.Line), Bound(slice.Step, slice.Line) ?? 1, count, slice.Line);
        return target is List<object?> items ? places.ConvertAll(place => items[place]) : ((MarkedText)target).Pick(places);
    }

    private long? Bound(Expression? expression, int line) => expression is null ? null : Evaluate(expression) switch
    {
        null => null,
        long whole => whole,
        object value => throw fault(line, $"a slice bound must be a whole number, not a {Values.Name(value)}."),
    };

    private List<int> Places(long? start, long? stop, long step, int count, int line)
    {
        if (step == 0)
            throw fault(line, "a slice step of 0.");
        long from = Limit(start ?? (step > 0 ? 0 : count - 1), step, count);
        long to = stop is null ? step > 0 ? count : -1 : Limit(stop.Value, step, count);
        List<int> places = [];
        for (long i = from; step > 0 ? i < to : i > to; i += step)
            places.Add((int)i);
        return places;
    }

    private static long Limit(long index, long step, int count)
    {
        if (index < 0)
            index += count;
        return step > 0 ? Math.Clamp(index, 0, count) : Math.Clamp(index, -1, count - 1);
    }

    private object? EvaluateUnary(Unary unary)
    {
        object? value = Evaluate(unary.Operand);
        if (unary.Operator == "not")
            return !Values.IsTrue(value);
        return value switch
        {
            double real => (object)(unary.Operator == "-" ? -real : real),
            long or bool => unary.Operator == "-" ? -Values.ToWhole(value) : Values.ToWhole(value),
            _ => throw fault(unary.Line, $"'{unary.Operator}' before a {Values.Name(value)}."),
        };
    }

    private object? EvaluateBinary(Binary binary)
    {
        object? left = Evaluate(binary.Left);
        switch (binary.Operator)
        {
            case "and":
                return Values.IsTrue(left) ? Evaluate(binary.Right) : left;
            case "or":
                return Values.IsTrue(left) ? left : Evaluate(binary.Right);
        }
        object? right = Evaluate(binary.Right);
        return binary.Operator switch
        {
            "==" => Values.AreEqual(left, right),
            "!=" => !Values.AreEqual(left, right),
            "in" => Contains(right, left, binary.Line),
            "~" => Join(Values.ToText(left), Values.ToText(right)),
            "<" => Compare(left, right, binary) < 0,
            "<=" => Compare(left, right, binary) <= 0,
            ">" => Compare(left, right, binary) > 0,
            ">=" => Compare(left, right, binary) >= 0,
            _ => Compute(left, right, binary),
        };
    }

    public bool Contains(object? container, object? item, int line) => container switch
    {
        MarkedText text when item is MarkedText part => text.Value.Contains(part.Value, StringComparison.Ordinal),
        JinjaMap map => map.TryGet(item, out _),
        List<object?> list => list.Exists(candidate => Values.AreEqual(candidate, item)),
        Undefined => false,
        _ => throw fault(line, $"'in' between a {Values.Name(item)} and a {Values.Name(container)}."),
    };

    public int Compare(object? left, object? right, int line)
    {
        if (left is MarkedText a && right is MarkedText b)
            return string.CompareOrdinal(a.Value, b.Value);
        if (Values.IsNumber(left) && Values.IsNumber(right))
            return left is double || right is double ? Values.ToNumber(left!).CompareTo(Values.ToNumber(right!)) : Values.ToWhole(left!).CompareTo(Values.ToWhole(right!));
        throw fault(line, $"a {Values.Name(left)} and a {Values.Name(right)} have no order.");
    }

    private int Compare(object? left, object? right, Binary binary) => Compare(left, right, binary.Line);

    private object Compute(object? left, object? right, Binary binary)
    {
        if (binary.Operator == "+" && left is MarkedText a && right is MarkedText b)
            return Join(a, b);
        if (binary.Operator == "+" && left is List<object?> first && right is List<object?> second)
            return (List<object?>)[.. first, .. second];
        if (!Values.IsNumber(left) || !Values.IsNumber(right))
            throw fault(binary.Line, $"'{binary.Operator}' between a {Values.Name(left)} and a {Values.Name(right)}.");
        bool isReal = left is double || right is double;
        double x = Values.ToNumber(left!), y = Values.ToNumber(right!);
        if (y == 0 && binary.Operator is "/" or "//" or "%")
            throw fault(binary.Line, "a division by zero.");
        try
        {
            checked
            {
                return binary.Operator switch
                {
                    "/" => x / y,
                    "+" => isReal ? x + y : (object)(Values.ToWhole(left!) + Values.ToWhole(right!)),
                    "-" => isReal ? x - y : (object)(Values.ToWhole(left!) - Values.ToWhole(right!)),
                    "*" => isReal ? x * y : (object)(Values.ToWhole(left!) * Values.ToWhole(right!)),
                    "//" => isReal ? Math.Floor(x / y) : (object)FloorDivide(Values.ToWhole(left!), Values.ToWhole(right!)),
                    "%" => isReal ? x - (y * Math.Floor(x / y))
                        : (object)(Values.ToWhole(left!) - (Values.ToWhole(right!) * FloorDivide(Values.ToWhole(left!), Values.ToWhole(right!)))),
                    _ => throw new System.Diagnostics.UnreachableException(),
                };
            }
        }
        catch (OverflowException)
        {
            throw fault(binary.Line, "a number grows past 64 bits.");
        }
    }

    private static long FloorDivide(long a, long b)
    {
        long quotient = checked(a / b);
        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
    }

    private static MarkedText Join(MarkedText left, MarkedText right)
    {
        MarkedTextBuilder joined = new();
        joined.Append(left);
        joined.Append(right);
        return joined.ToText();
    }
}
