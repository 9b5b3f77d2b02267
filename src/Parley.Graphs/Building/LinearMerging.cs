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
                && open.Product!.Precision == node.Product!.Precision && open.Product.Biases.Length == node.Product.Biases.Length
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
        string bias = "";
        if (biases.Length > 0)
        {
            bias = string.Join('+', biases.Select(part => part.Name));
            int width = biases.Sum(part => (int)part.ElementCount);
            Weight stacked = biases.Length == 1 ? biases[0] : Weight.Computed(bias, [width], () => [.. biases.SelectMany(part => part.ReadF32())]);
            initializers.TryAdd(bias, new DenseInitializer(bias, stacked, builder.Activations, [width]));
        }
        if (precision.HasWholeRows)
            return (RowProduct(input, rows, name, bias, result, initializers, builder), result);
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
    /// Each row of the input is divided by its largest magnitude and rounded to 8 bit, multiplied as integers, and multiplied by that
    /// magnitude again: an outlier costs its own row precision and no other (unlike DynamicQuantizeMatMul, one scale a tensor).
    /// </summary>
    private static GraphNode[] RowProduct(
        string input, Weight[] rows, string name, string bias, string result,
        OrderedDictionary<string, Initializer> initializers, GraphBuilder builder)
    {
        RowQuantizedInitializer quantized = new(name, rows);
        initializers.TryAdd($"{name}.{Precision.Int8}", quantized);
        string step = builder.Scalar(1f / RowQuantizedInitializer.LargestActivation, ElementType.F32).Name;
        string middle = builder.Scalar(RowQuantizedInitializer.ActivationZero, ElementType.U8).Name;
        string least = builder.Scalar(1e-12f, ElementType.F32).Name; // a row of zeros stays one
        string last = builder.Constant([-1]).Name;
        string magnitude = builder.Unique("Abs"), largest = builder.Unique("ReduceMax"), scale = builder.Unique("Max"), scaled = builder.Unique("Div");
        string bytes = builder.Unique("QuantizeLinear"), product = builder.Unique("MatMulIntegerToFloat");
        string whole = bias.Length > 0 ? builder.Unique("Mul") : result;
        List<GraphNode> nodes =
        [
            new("Abs", "", [input], [magnitude], []),
            new("ReduceMax", "", [magnitude, last], [largest], [GraphNode.Attribute("keepdims", 1L)]),
            new("Max", "", [largest, least], [scale], []),
            new("Div", "", [input, scale], [scaled], []),
            new("QuantizeLinear", "", [scaled, step, middle], [bytes], []),
            new("MatMulIntegerToFloat", GraphNode.Microsoft, [bytes, quantized.Parts[0].Name, step, quantized.Parts[1].Name, middle], [product], []),
            new("Mul", "", [product, scale], [whole], []),
        ];
        if (bias.Length > 0)
            nodes.Add(new("Add", "", [whole, bias], [result], []));
        return [.. nodes];
    }

    private static GraphNode Split(List<GraphNode> members, string[] parts, string result, GraphBuilder builder)
    {
        Value sizes = builder.Constant([.. members.Select(member => (long)member.Product!.Rows.Sum(row => row.Shape[0]))]);
        return new("Split", "", [result, sizes.Name], parts, [GraphNode.Attribute("axis", -1L)]);
    }
}
