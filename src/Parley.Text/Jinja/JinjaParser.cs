using System.Globalization;

namespace Parley.Text.Jinja;

/// <summary>Recursive descent over the tokens; the grammar is the part of Jinja 2 that published chat templates use.</summary>
internal sealed class JinjaParser(List<Token> tokens, string[] lines)
{
    private const int DeepestNesting = 200; // of tags or brackets; published templates stay under 20

    private int position;
    private int depth;

    private Token Current => tokens[position];

    public IReadOnlyList<Node> ParseAll() => ParseUntil([]).Body;

    /// <summary>Reads nodes up to a block whose name is in <paramref name="ends"/>; its name is consumed, its arguments and closing tag are not.</summary>
    private (IReadOnlyList<Node> Body, string End) ParseUntil(ReadOnlySpan<string> ends)
    {
        Enter();
        List<Node> body = [];
        while (true)
        {
            Token token = Current;
            switch (token.Kind)
            {
                case TokenKind.End when ends.IsEmpty:
                    depth--;
                    return (body, "");
                case TokenKind.End:
                    throw Fault($"the file ends before '{ends[^1]}'.");
                case TokenKind.Text:
                    position++;
                    body.Add(new TextNode(token.Line, MarkedText.OfTemplate(token.Text)));
                    break;
                case TokenKind.Open:
                    position++;
                    body.Add(new PrintNode(token.Line, ParseExpression()));
                    Expect(TokenKind.Close, "}}");
                    break;
                default:
                    position++;
                    string name = ExpectName();
                    if (ends.Contains(name))
                    {
                        depth--;
                        return (body, name);
                    }
                    body.Add(ParseBlock(name, token.Line));
                    break;
            }
        }
    }

    private Node ParseBlock(string name, int line) => name switch
    {
        "if" => ParseIf(line),
        "for" => ParseFor(line),
        "set" => ParseSet(line),
        "macro" => ParseMacro(line),
        "break" => CloseBlock(new BreakNode(line)),
        "continue" => CloseBlock(new ContinueNode(line)),
        "generation" => ParseGeneration(line),
        _ => throw Fault($"the statement '{name}' is not supported."),
    };

    private Node CloseBlock(Node node)
    {
        Expect(TokenKind.CloseBlock, "%}");
        return node;
    }

    private IfNode ParseIf(int line)
    {
        List<(Expression, IReadOnlyList<Node>)> branches = [];
        IReadOnlyList<Node> otherwise = [];
        string end = "elif";
        while (end == "elif")
        {
            Expression condition = ParseExpression();
            Expect(TokenKind.CloseBlock, "%}");
            (IReadOnlyList<Node> body, end) = ParseUntil(["elif", "else", "endif"]);
            branches.Add((condition, body));
        }
        if (end == "else")
        {
            Expect(TokenKind.CloseBlock, "%}");
            (otherwise, _) = ParseUntil(["endif"]);
        }
        Expect(TokenKind.CloseBlock, "%}");
        return new(line, branches, otherwise);
    }

    private ForNode ParseFor(int line)
    {
        List<string> targets = ParseTargets();
        if (ExpectName() != "in")
            throw Fault("'for' needs 'in' after its names.");
        Expression source = ParseOr();
        Expression? filter = AcceptName("if") ? ParseExpression() : null;
        Expect(TokenKind.CloseBlock, "%}");
        (IReadOnlyList<Node> body, string end) = ParseUntil(["else", "endfor"]);
        IReadOnlyList<Node> otherwise = [];
        if (end == "else")
        {
            Expect(TokenKind.CloseBlock, "%}");
            (otherwise, _) = ParseUntil(["endfor"]);
        }
        Expect(TokenKind.CloseBlock, "%}");
        return new(line, targets, source, filter, body, otherwise);
    }

    private Node ParseSet(int line)
    {
        List<string> targets = ParseTargets();
        string? attribute = AcceptOperator(".") ? ExpectName() : null;
        if (AcceptOperator("="))
        {
            Expression value = ParseTuple();
            return CloseBlock(new SetNode(line, targets, attribute, value));
        }
        if (targets.Count != 1 || attribute is not null)
            throw Fault("'set' without '=' takes one plain name.");
        Expect(TokenKind.CloseBlock, "%}");
        (IReadOnlyList<Node> body, _) = ParseUntil(["endset"]);
        return CloseBlock(new SetBlockNode(line, targets[0], body));
    }

    private Node ParseMacro(int line)
    {
        string name = ExpectName();
        ExpectOperator("(");
        List<(string, Expression?)> parameters = [];
        while (!AcceptOperator(")"))
        {
            string parameter = ExpectName();
            parameters.Add((parameter, AcceptOperator("=") ? ParseExpression() : null));
            if (!AcceptOperator(","))
            {
                ExpectOperator(")");
                break;
            }
        }
        Expect(TokenKind.CloseBlock, "%}");
        (IReadOnlyList<Node> body, _) = ParseUntil(["endmacro"]);
        return CloseBlock(new MacroNode(line, name, parameters, body));
    }

    private Node ParseGeneration(int line)
    {
        Expect(TokenKind.CloseBlock, "%}");
        (IReadOnlyList<Node> body, _) = ParseUntil(["endgeneration"]);
        return CloseBlock(new TransparentNode(line, body));
    }

    private List<string> ParseTargets()
    {
        bool bracketed = AcceptOperator("(");
        List<string> targets = [ExpectName()];
        while (AcceptOperator(","))
            targets.Add(ExpectName());
        if (bracketed)
            ExpectOperator(")");
        return targets;
    }

    private Expression ParseTuple()
    {
        int line = Current.Line;
        Expression first = ParseExpression();
        if (!IsOperator(","))
            return first;
        List<Expression> items = [first];
        while (AcceptOperator(","))
            items.Add(ParseExpression());
        return new ListExpression(line, items);
    }

    private Expression ParseExpression()
    {
        Enter();
        int line = Current.Line;
        Expression value = ParseOr();
        while (AcceptName("if"))
        {
            Expression condition = ParseOr();
            Expression? otherwise = AcceptName("else") ? ParseExpression() : null;
            value = new Conditional(line, condition, value, otherwise);
        }
        depth--;
        return value;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (AcceptName("or"))
            left = new Binary(left.Line, "or", left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (AcceptName("and"))
            left = new Binary(left.Line, "and", left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        int line = Current.Line;
        if (!AcceptName("not"))
            return ParseComparison();
        Enter();
        Unary negation = new(line, "not", ParseNot());
        depth--;
        return negation;
    }

    private Expression ParseComparison()
    {
        Expression left = ParseSum();
        while (true)
        {
            if (Current.Kind == TokenKind.Operator && Current.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
                left = new Binary(left.Line, tokens[position++].Text, left, ParseSum());
            else if (AcceptName("in"))
                left = new Binary(left.Line, "in", left, ParseSum());
            else if (IsName("not") && tokens[position + 1] is { Kind: TokenKind.Name, Text: "in" })
            {
                position += 2;
                left = new Unary(left.Line, "not", new Binary(left.Line, "in", left, ParseSum()));
            }
            else
                return left;
        }
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (Current.Kind == TokenKind.Operator && Current.Text is "+" or "-")
            left = new Binary(left.Line, tokens[position++].Text, left, ParseConcatenation());
        return left;
    }

    private Expression ParseConcatenation() // binds tighter than + in Jinja
    {
        Expression left = ParseProduct();
        while (AcceptOperator("~"))
            left = new Binary(left.Line, "~", left, ParseProduct());
        return left;
    }

    private Expression ParseProduct()
    {
        Expression left = ParseUnary();
        while (Current.Kind == TokenKind.Operator && Current.Text is "*" or "/" or "//" or "%")
            left = new Binary(left.Line, tokens[position++].Text, left, ParseUnary());
        return left;
    }

    private Expression ParseUnary()
    {
        if (Current is not { Kind: TokenKind.Operator, Text: "-" or "+" })
            return ParsePostfix(ParsePrimary());
        Enter();
        Token sign = tokens[position++];
        Unary signed = new(sign.Line, sign.Text, ParseUnary());
        depth--;
        return signed;
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            int line = Current.Line;
            if (AcceptOperator("."))
                value = Current.Kind == TokenKind.Integer
                    ? new Item(line, value, new Literal(line, long.Parse(tokens[position++].Text, CultureInfo.InvariantCulture)))
                    : new Attribute(line, value, ExpectName());
            else if (AcceptOperator("["))
                value = ParseSubscript(value, line);
            else if (IsOperator("("))
                value = new Call(line, value, ParseArguments());
            else if (AcceptOperator("|"))
                value = new Filter(line, value, ExpectName(), IsOperator("(") ? ParseArguments() : Arguments.None);
            else if (AcceptName("is"))
                value = ParseTest(value, line);
            else
                return value;
        }
    }

    private Expression ParseSubscript(Expression value, int line)
    {
        Expression? start = IsOperator(":") ? null : ParseExpression();
        if (AcceptOperator("]"))
            return new Item(line, value, start!);
        ExpectOperator(":");
        Expression? stop = IsOperator(":") || IsOperator("]") ? null : ParseExpression();
        Expression? step = AcceptOperator(":") && !IsOperator("]") ? ParseExpression() : null;
        ExpectOperator("]");
        return new Slice(line, value, start, stop, step);
    }

    private Test ParseTest(Expression value, int line)
    {
        bool negated = AcceptName("not");
        string name = ExpectName();
        Arguments arguments = IsOperator("(") ? ParseArguments()
            : Current.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float || IsOperator("[")
                || (Current.Kind == TokenKind.Name && Current.Text is not ("and" or "or" or "else" or "if" or "is" or "in" or "not"))
                ? new([ParsePostfix(ParsePrimary())], [])
                : Arguments.None;
        return new(line, value, name, arguments, negated);
    }

    private Arguments ParseArguments()
    {
        ExpectOperator("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        while (!AcceptOperator(")"))
        {
            if (Current.Kind == TokenKind.Name && tokens[position + 1] is { Kind: TokenKind.Operator, Text: "=" })
            {
                string name = ExpectName();
                position++;
                named.Add((name, ParseExpression()));
            }
            else if (named.Count > 0)
                throw Fault("a positional argument after a named one.");
            else
                positional.Add(ParseExpression());
            if (!AcceptOperator(","))
            {
                ExpectOperator(")");
                break;
            }
        }
        return new(positional, named);
    }

    private Expression ParsePrimary()
    {
        Token token = tokens[position];
        position++;
        switch (token.Kind)
        {
            case TokenKind.String:
                string text = token.Text;
                while (Current.Kind == TokenKind.String) // neighbours are one string, as in Python
                    text += tokens[position++].Text;
                return new Literal(token.Line, MarkedText.OfTemplate(text));
            case TokenKind.Integer:
                return long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long whole)
                    ? new Literal(token.Line, whole) : throw Fault($"the number {token.Text} is too large.");
            case TokenKind.Float:
                return new Literal(token.Line, double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Literal(token.Line, true),
                    "false" or "False" => new Literal(token.Line, false),
                    "none" or "None" => new Literal(token.Line, null),
                    _ => new NameExpression(token.Line, token.Text),
                };
            case TokenKind.Operator when token.Text == "(":
                return ParseBrackets(token.Line);
            case TokenKind.Operator when token.Text == "[":
                return new ListExpression(token.Line, ParseItems("]"));
            case TokenKind.Operator when token.Text == "{":
                return ParseMap(token.Line);
            default:
                position--;
                throw Fault($"'{token.Text}' cannot begin a value.");
        }
    }

    private Expression ParseBrackets(int line)
    {
        if (AcceptOperator(")"))
            return new ListExpression(line, []);
        Expression first = ParseExpression();
        if (AcceptOperator(")"))
            return first;
        ExpectOperator(",");
        return new ListExpression(line, [first, .. ParseItems(")")]);
    }

    private List<Expression> ParseItems(string close)
    {
        List<Expression> items = [];
        while (!AcceptOperator(close))
        {
            items.Add(ParseExpression());
            if (!AcceptOperator(","))
            {
                ExpectOperator(close);
                break;
            }
        }
        return items;
    }

    private MapExpression ParseMap(int line)
    {
        List<(Expression, Expression)> entries = [];
        while (!AcceptOperator("}"))
        {
            Expression key = ParseExpression();
            ExpectOperator(":");
            entries.Add((key, ParseExpression()));
            if (!AcceptOperator(","))
            {
                ExpectOperator("}");
                break;
            }
        }
        return new(line, entries);
    }

    private void Enter()
    {
        if (++depth > DeepestNesting)
            throw Fault($"nested deeper than {DeepestNesting}.");
    }

    private bool IsOperator(string text) => Current.Kind == TokenKind.Operator && Current.Text == text;

    private bool IsName(string text) => Current.Kind == TokenKind.Name && Current.Text == text;

    private bool AcceptOperator(string text)
    {
        bool found = IsOperator(text);
        position += found ? 1 : 0;
        return found;
    }

    private bool AcceptName(string text)
    {
        bool found = IsName(text);
        position += found ? 1 : 0;
        return found;
    }

    private void ExpectOperator(string text)
    {
        if (!AcceptOperator(text))
            throw Fault($"expected '{text}', found '{Current.Text}'.");
    }

    private void Expect(TokenKind kind, string text)
    {
        if (Current.Kind != kind)
            throw Fault($"expected '{text}', found '{Current.Text}'.");
        position++;
    }

    private string ExpectName()
    {
        if (Current.Kind != TokenKind.Name)
            throw Fault($"expected a name, found '{Current.Text}'.");
        return tokens[position++].Text;
    }

    private JinjaException Fault(string problem) => new(Current.Line, lines[Math.Min(Current.Line, lines.Length) - 1], problem);
}
