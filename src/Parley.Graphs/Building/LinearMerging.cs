namespace Parley.Graphs;

/// <summary>
/// Writes the matrix products of a finished graph. Products of one input (queries, keys and values; gate and up) become one node with
/// stacked rows, which reads and quantises its input once; attention takes the stacked result whole. Row by row the arithmetic is
/// that of the separate products.
/// </summary>
internal static class LinearMerging
{
    private const int MostMerged = 4; // queries, keys, values and one more; merging the keys of all layers would only copy

    public static List<GraphNode> Merge(List<GraphNode> nodes, OrderedDictionary<string, Initializer> initializers, GraphBuilder builder)
    {
        Dictionary<GraphNode, List<GraphNode>> groups = Group(nodes);
        Dictionary<string, int> uses = [];
        foreach (string input in nodes.SelectMany(node => node.Inputs))
            uses[input] = uses.GetValueOrDefault(input) + 1;

        Dictionary<GraphNode, GraphNode[]> written = [];
        Dictionary<string, string> packed = []; // the stacked result by its three parts
        foreach ((GraphNode first, List<GraphNode> members) in groups)
        {
            if (first.Product!.Precision.HasWholeRows)
            {
                written[first] = RowProducts(members, initializers, builder);
                continue;
            }
            (GraphNode[] product, string result) = Write(members, initializers, builder);
            if (members.Count == 1)
            {
                written[first] = product;
                continue;
            }
            string[] parts = [.. members.Select(member => member.Outputs[0])];
            GraphNode? attention = parts.Length == 3 ? nodes.FirstOrDefault(node => IsAttentionOf(node, parts)) : null;
            if (attention is not null)
                packed[parts[0]] = result;
            bool isWhole = attention is not null && parts.All(part => uses[part] == 1);
            written[first] = isWhole ? product : [.. product, Split(members, parts, result, builder)];
        }

        List<GraphNode> merged = [];
        foreach (GraphNode node in nodes)
        {
            if (node.Product is not null)
                merged.AddRange(written.GetValueOrDefault(node) ?? []);
            else if (node.Operation == "GroupQueryAttention" && packed.TryGetValue(node.Inputs[0], out string? whole))
                merged.Add(node with { Inputs = [whole, "", "", .. node.Inputs[3..]] });
            else
                merged.Add(node);
        }
        return merged;
    }

    private static bool IsAttentionOf(GraphNode node, string[] parts) =>
        node.Operation == "GroupQueryAttention" && node.Inputs.AsSpan(0, 3).SequenceEqual(parts);

    /// <summary>Products by the first of their group, in the order of the graph.</summary>
    private static Dictionary<GraphNode, List<GraphNode>> Group(List<GraphNode> nodes)
    {
        HashSet<string> named = [.. nodes.Where(node => node.Operation == "Identity").Select(node => node.Inputs[0])];
        Dictionary<GraphNode, List<GraphNode>> groups = new(ReferenceEqualityComparer.Instance as IEqualityComparer<GraphNode>);
        GraphNode? open = null;
        foreach (GraphNode node in nodes.Where(node => node.Product is not null))
        {
            bool joins = open is not null && open.Inputs[0] == node.Inputs[0] && groups[open].Count < MostMerged
                && open.Product!.Precision == node.Product!.Precision
                && (open.Product.Precision.HasWholeRows || open.Product.Biases.Length == node.Product.Biases.Length)
                && !named.Contains(open.Outputs[0]) && !named.Contains(node.Outputs[0]);
            if (joins)
                groups[open!].Add(node);
            else
                groups[open = node] = [node];
        }
        return groups;
    }

    /// <returns>The nodes of one product, and the name of its result.</returns>
    private static (GraphNode[] Nodes, string Result) Write(
        List<GraphNode> members, OrderedDictionary<string, Initializer> initializers, GraphBuilder builder)
    {
        LinearProduct[] products = [.. members.Select(member => member.Product!)];
        Weight[] rows = [.. products.SelectMany(product => product.Rows)], biases = [.. products.SelectMany(product => product.Biases)];
        Precision precision = products[0].Precision;
        string input = members[0].Inputs[0], name = string.Join('+', rows.Select(row => row.Name));
        string result = members.Count == 1 ? members[0].Outputs[0] : builder.Unique("Linear");
        string bias = biases.Length > 0 ? Bias(biases, initializers, builder) : "";
        if (precision.IsQuantized)
        {
            QuantizedInitializer quantized = new(name, rows, precision);
            initializers.TryAdd($"{name}.{precision}", quantized);
            string[] parts = [.. quantized.Parts.Select(part => part.Name)];
            string[] inputs = [input, parts[0], parts[1], parts.Length > 2 ? parts[2] : "", "", bias];
            return ([new("MatMulNBits", GraphNode.Microsoft, bias.Length > 0 ? inputs : inputs[..(parts.Length > 2 ? 4 : 3)], [result],
            [
                GraphNode.Attribute("K", quantized.Depth), GraphNode.Attribute("N", quantized.Width), GraphNode.Attribute("bits", precision.Bits),
                GraphNode.Attribute("block_size", precision.BlockSize),
                GraphNode.Attribute("accuracy_level", 4), // quantises the input to 8 bit; without it the kernels are several times slower
            ])], result);
        }
        string columns = $"{name}.columns";
        initializers.TryAdd(columns, new ColumnInitializer(columns, rows, builder.Activations));
        if (bias.Length == 0)
            return ([new("MatMul", "", [input, columns], [result], [])], result);
        string plain = builder.Unique("MatMul");
        return ([new("MatMul", "", [input, columns], [plain], []), new("Add", "", [plain, bias], [result], [])], result);
    }

    /// <summary>
    /// Each row of the input is rounded to 8 bit in steps of 1/127 of its largest magnitude, once for all products of the group, multiplied
    /// as integers, and multiplied by that magnitude again: an outlier costs its own row precision and no other (unlike
    /// DynamicQuantizeMatMul, one scale a tensor). The products stay apart: hundreds of rows at a time gain nothing from stacked weights,
    /// and would have to be copied apart again.
    /// </summary>
    private static GraphNode[] RowProducts(List<GraphNode> members, OrderedDictionary<string, Initializer> initializers, GraphBuilder builder)
    {
        string input = members[0].Inputs[0];
        int depth = members[0].Product!.Rows[0].Shape[1];
        string step = builder.Scalar(1f / RowQuantizedInitializer.LargestActivation, ElementType.F32).Name;
        string middle = builder.Scalar(RowQuantizedInitializer.ActivationZero, ElementType.U8).Name;
        string least = builder.Scalar(1e-12f, ElementType.F32).Name; // a row of zeros stays one
        string last = builder.Constant([-1]).Name;
        string flat = builder.Unique("Reshape"), front = builder.Unique("Shape"), highest = builder.Unique("ReduceMax"), lowest = builder.Unique("ReduceMin");
        string depths = builder.Unique("Neg"), largest = builder.Unique("Max"), scaled = builder.Unique("Mul"), steps = builder.Unique("Reshape");
        string shape = builder.Unique("Shape"), middles = builder.Unique("ConstantOfShape"), bytes = builder.Unique("QuantizeLinear");
        List<GraphNode> nodes =
        [
            new("Reshape", "", [input, builder.Constant([-1, depth]).Name], [flat], []),
            new("Shape", "", [input], [front], [GraphNode.Attribute("end", -1L)]),
            new("ReduceMax", "", [flat, last], [highest], [GraphNode.Attribute("keepdims", 1L)]),
            new("ReduceMin", "", [flat, last], [lowest], [GraphNode.Attribute("keepdims", 1L)]),
            new("Neg", "", [lowest], [depths], []),
            new("Max", "", [highest, depths, least], [largest], []),
            new("Mul", "", [largest, step], [scaled], []),
            new("Reshape", "", [scaled, last], [steps], []),
            new("Shape", "", [steps], [shape], []),
            new("ConstantOfShape", "", [shape], [middles], [GraphNode.Byte("value", ElementType.U8, RowQuantizedInitializer.ActivationZero)]),
            new("QuantizeLinear", "", [flat, steps, middles], [bytes], [GraphNode.Attribute("axis", 0L)]),
        ];
        foreach (GraphNode member in members)
        {
            LinearProduct product = member.Product!;
            string name = string.Join('+', product.Rows.Select(row => row.Name));
            RowQuantizedInitializer quantized = new(name, product.Rows);
            initializers.TryAdd($"{name}.{Precision.Int8}", quantized);
            string sums = builder.Unique("MatMulIntegerToFloat"), whole = builder.Unique("Mul"), sizes = builder.Unique("Concat");
            string shaped = product.Biases.Length > 0 ? builder.Unique("Reshape") : member.Outputs[0];
            nodes.Add(new("MatMulIntegerToFloat", GraphNode.Microsoft, [bytes, quantized.Parts[0].Name, step, quantized.Parts[1].Name, middle], [sums], []));
            nodes.Add(new("Mul", "", [sums, largest], [whole], []));
            nodes.Add(new("Concat", "", [front, builder.Constant([product.Rows.Sum(row => row.Shape[0])]).Name], [sizes], [GraphNode.Attribute("axis", 0L)]));
            nodes.Add(new("Reshape", "", [whole, sizes], [shaped], []));
            if (product.Biases.Length > 0)
                nodes.Add(new("Add", "", [shaped, Bias(product.Biases, initializers, builder)], [member.Outputs[0]], []));
        }
        return [.. nodes];
    }

    /// <summary>Biases of stacked rows as one constant.</summary>
    private static string Bias(Weight[] biases, OrderedDictionary<string, Initializer> initializers, GraphBuilder builder)
    {
        string name = string.Join('+', biases.Select(part => part.Name));
        int width = biases.Sum(part => (int)part.ElementCount);
        Weight stacked = biases.Length == 1 ? biases[0] : Weight.Computed(name, [width], () => [.. biases.SelectMany(part => part.ReadF32())]);
        initializers.TryAdd(name, new DenseInitializer(name, stacked, builder.Activations, [width]));
        return name;
    }

    private static GraphNode Split(List<GraphNode> members, string[] parts, string result, GraphBuilder builder)
    {
        Value sizes = builder.Constant([.. members.Select(member => (long)member.Product!.Rows.Sum(row => row.Shape[0]))]);
        return new("Split", "", [result, sizes.Name], parts, [GraphNode.Attribute("axis", -1L)]);
    }
}
