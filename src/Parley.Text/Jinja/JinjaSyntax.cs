namespace Parley.Text.Jinja;

internal abstract record Node(int Line);

internal sealed record TextNode(int Line, MarkedText Text) : Node(Line);

internal sealed record PrintNode(int Line, Expression Value) : Node(Line);

internal sealed record IfNode(int Line, IReadOnlyList<(Expression Condition, IReadOnlyList<Node> Body)> Branches, IReadOnlyList<Node> Else) : Node(Line);

internal sealed record ForNode(
    int Line, IReadOnlyList<string> Targets, Expression Source, Expression? Filter, IReadOnlyList<Node> Body, IReadOnlyList<Node> Else) : Node(Line);

internal sealed record SetNode(int Line, IReadOnlyList<string> Targets, string? Attribute, Expression Value) : Node(Line);

internal sealed record SetBlockNode(int Line, string Target, IReadOnlyList<Node> Body) : Node(Line);

internal sealed record MacroNode(int Line, string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Node> Body) : Node(Line);

internal sealed record TransparentNode(int Line, IReadOnlyList<Node> Body) : Node(Line);

internal sealed record BreakNode(int Line) : Node(Line);

internal sealed record ContinueNode(int Line) : Node(Line);

internal abstract record Expression(int Line);

internal sealed record Literal(int Line, object? Value) : Expression(Line);

internal sealed record NameExpression(int Line, string Name) : Expression(Line);

internal sealed record ListExpression(int Line, IReadOnlyList<Expression> Items) : Expression(Line);

internal sealed record MapExpression(int Line, IReadOnlyList<(Expression Key, Expression Value)> Entries) : Expression(Line);

internal sealed record Attribute(int Line, Expression Target, string Name) : Expression(Line);

internal sealed record Item(int Line, Expression Target, Expression Key) : Expression(Line);

internal sealed record Slice(int Line, Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

internal sealed record Call(int Line, Expression Callee, Arguments Arguments) : Expression(Line);

internal sealed record Filter(int Line, Expression Value, string Name, Arguments Arguments) : Expression(Line);

internal sealed record Test(int Line, Expression Value, string Name, Arguments Arguments, bool IsNegated) : Expression(Line);

internal sealed record Unary(int Line, string Operator, Expression Operand) : Expression(Line);

internal sealed record Binary(int Line, string Operator, Expression Left, Expression Right) : Expression(Line);

internal sealed record Conditional(int Line, Expression Condition, Expression Then, Expression? Else) : Expression(Line);

internal sealed record Arguments(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static Arguments None { get; } = new([], []);
}
