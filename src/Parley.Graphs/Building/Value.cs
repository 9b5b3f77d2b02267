namespace Parley.Graphs;

/// <summary>
/// A symbolic tensor of a graph under construction: what an operation returns and the next one takes. Operators broadcast as ONNX
/// does: axes are aligned from the back and must be equal, or one of them 1.
/// </summary>
public sealed class Value
{
    internal Value(GraphBuilder graph, string name, ElementType type, Shape shape)
    {
        Graph = graph;
        Name = name;
        ElementType = type;
        Shape = shape;
    }

    internal GraphBuilder Graph { get; }

    internal string Name { get; }

    public ElementType ElementType { get; }

    public Shape Shape { get; }

    public static Value operator +(Value a, Value b) => Add(a, b);

    public static Value operator -(Value a, Value b) => Subtract(a, b);

    public static Value operator *(Value a, Value b) => Multiply(a, b);

    public static Value operator /(Value a, Value b) => Divide(a, b);

    public static Value operator +(Value a, float b) => Add(a, a.Graph.Scalar(b, a.ElementType));

    public static Value operator -(Value a, float b) => Subtract(a, a.Graph.Scalar(b, a.ElementType));

    public static Value operator *(Value a, float b) => Multiply(a, a.Graph.Scalar(b, a.ElementType));

    public static Value operator /(Value a, float b) => Divide(a, a.Graph.Scalar(b, a.ElementType));

    public static Value operator +(float a, Value b) => Add(b.Graph.Scalar(a, b.ElementType), b);

    public static Value operator -(float a, Value b) => Subtract(b.Graph.Scalar(a, b.ElementType), b);

    public static Value operator *(float a, Value b) => Multiply(b.Graph.Scalar(a, b.ElementType), b);

    public static Value operator /(float a, Value b) => Divide(b.Graph.Scalar(a, b.ElementType), b);

    public static Value operator -(Value a) => Negate(a);

    public static Value Add(Value a, Value b) => a.Graph.Elementwise("Add", a, b);

    public static Value Subtract(Value a, Value b) => a.Graph.Elementwise("Sub", a, b);

    public static Value Multiply(Value a, Value b) => a.Graph.Elementwise("Mul", a, b);

    public static Value Divide(Value a, Value b) => a.Graph.Elementwise("Div", a, b);

    public static Value Negate(Value a) => a.Graph.Elementwise("Neg", a);

    public override string ToString() => $"'{Name}' {Shape}";
}
