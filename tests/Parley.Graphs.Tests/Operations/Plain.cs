namespace Parley.Graphs.Tests;

/// <summary>Values with a shape, and the plain definitions of the operations: loops that anyone can check, in double.</summary>
internal sealed record Plain(float[] Values, int[] Shape)
{
    public float this[params int[] index] => Values[Offset(index)];

    public long[] LongShape => [.. Shape.Select(size => (long)size)];

    public int Last => Shape[^1];

    public int Offset(params int[] index)
    {
        int offset = 0;
        for (int axis = 0; axis < Shape.Length; axis++)
            offset = offset * Shape[axis] + index[axis];
        return offset;
    }

    /// <summary>Normal values; the seed makes them the same again.</summary>
    public static Plain Random(int seed, params int[] shape)
    {
        Random random = new(seed);
        float[] values = new float[shape.Aggregate(1, (count, size) => count * size)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return new(values, shape);
    }

    public Weight AsWeight(string name) => Weight.Of(name, Values, Shape);

    /// <summary>A result computed index by index.</summary>
    public static Plain Of(int[] shape, Func<int[], double> element)
    {
        Plain result = new(new float[shape.Aggregate(1, (count, size) => count * size)], shape);
        int[] index = new int[shape.Length];
        for (int i = 0; i < result.Values.Length; i++)
        {
            int rest = i;
            for (int axis = shape.Length - 1; axis >= 0; axis--)
                (rest, index[axis]) = Math.DivRem(rest, shape[axis]);
            result.Values[i] = (float)element(index);
        }
        return result;
    }

    public static double Sum(int count, Func<int, double> term)
    {
        double sum = 0;
        for (int i = 0; i < count; i++)
            sum += term(i);
        return sum;
    }

    /// <summary>x · Wᵀ + b.</summary>
    public static Plain Linear(Plain x, Plain weight, Plain? bias = null) => Of([.. x.Shape[..^1], weight.Shape[0]], index =>
        Sum(x.Last, k => (double)x[[.. index[..^1], k]] * weight[index[^1], k]) + (bias?.Values[index[^1]] ?? 0));

    public static Plain RmsNorm(Plain x, Plain weight, double epsilon) => Of(x.Shape, index =>
        x[index] / Math.Sqrt(Sum(x.Last, k => Math.Pow(x[[.. index[..^1], k]], 2)) / x.Last + epsilon) * weight.Values[index[^1]]);

    public static Plain LayerNorm(Plain x, Plain weight, Plain bias, double epsilon) => Of(x.Shape, index =>
    {
        double mean = Sum(x.Last, k => x[[.. index[..^1], k]]) / x.Last;
        double variance = Sum(x.Last, k => Math.Pow(x[[.. index[..^1], k]] - mean, 2)) / x.Last;
        return (x[index] - mean) / Math.Sqrt(variance + epsilon) * weight.Values[index[^1]] + bias.Values[index[^1]];
    });

    /// <summary>Queries [B, S, H·d] against keys and values [B, T, G·d]; the score of query i and key j gets bias(b, h, i, j) added.</summary>
    public static Plain Attention(Plain query, Plain key, Plain value, int heads, int kvHeads, Func<int, int, int, int, double> bias)
    {
        int width = query.Last / heads, keys = key.Shape[1];
        return Of(query.Shape, index =>
        {
            int head = index[2] / width, kv = head * kvHeads / heads;
            double[] scores = [.. Enumerable.Range(0, keys).Select(j =>
                Sum(width, k => (double)query[index[0], index[1], head * width + k] * key[index[0], j, kv * width + k]) / Math.Sqrt(width)
                + bias(index[0], head, index[1], j))];
            double largest = scores.Max(), total = scores.Sum(score => Math.Exp(score - largest));
            return Sum(keys, j => Math.Exp(scores[j] - largest) / total * value[index[0], j, kv * width + index[2] % width]);
        });
    }

    /// <summary>Turns the heads of [B, S, H·d] by the angles of their positions.</summary>
    public static Plain Rope(Plain x, int headDim, double theta, RopeLayout layout, Func<int, int, int> position) => Of(x.Shape, index =>
    {
        int within = index[2] % headDim, start = index[2] - within, half = headDim / 2;
        bool interleaved = layout == RopeLayout.Interleaved;
        int pair = interleaved ? within / 2 : within % half;
        bool isFirst = interleaved ? within % 2 == 0 : within < half;
        double angle = position(index[0], index[1]) * Math.Pow(theta, -2.0 * pair / headDim);
        double u = x[index[0], index[1], start + (interleaved ? 2 * pair : pair)], w = x[index[0], index[1], start + (interleaved ? 2 * pair + 1 : pair + half)];
        return isFirst ? u * Math.Cos(angle) - w * Math.Sin(angle) : u * Math.Sin(angle) + w * Math.Cos(angle);
    });

    /// <summary>x [B, I, T], weight [O, I / groups, K].</summary>
    public static Plain Conv1d(Plain x, Plain weight, Plain? bias, ConvolutionSteps steps)
    {
        int taps = weight.Shape[2], inputs = weight.Shape[1], perGroup = weight.Shape[0] / steps.Groups;
        int time = (x.Shape[2] + steps.PadBefore + steps.PadAfter - steps.Dilation * (taps - 1) - 1) / steps.Stride + 1;
        return Of([x.Shape[0], weight.Shape[0], time], index => (bias?.Values[index[1]] ?? 0) + Sum(inputs * taps, n =>
        {
            (int i, int j) = Math.DivRem(n, taps);
            int t = index[2] * steps.Stride + j * steps.Dilation - steps.PadBefore;
            return t < 0 || t >= x.Shape[2] ? 0 : (double)x[index[0], index[1] / perGroup * inputs + i, t] * weight[index[1], i, j];
        }));
    }

    /// <summary>x [B, I, T], weight [I, O, K]: each input adds its weights to K outputs.</summary>
    public static Plain ConvTranspose1d(Plain x, Plain weight, Plain? bias, ConvolutionSteps steps)
    {
        int taps = weight.Shape[2], time = (x.Shape[2] - 1) * steps.Stride + taps - steps.PadBefore - steps.PadAfter;
        return Of([x.Shape[0], weight.Shape[1], time], index => (bias?.Values[index[1]] ?? 0) + Sum(x.Shape[1] * x.Shape[2], n =>
        {
            (int i, int t) = Math.DivRem(n, x.Shape[2]);
            int j = index[2] + steps.PadBefore - t * steps.Stride;
            return j < 0 || j >= taps ? 0 : (double)x[index[0], i, t] * weight[i, index[1], j];
        }));
    }

    public Plain Transposed(params int[] order)
    {
        int[] shape = [.. order.Select(axis => Shape[axis])];
        return Of(shape, index =>
        {
            int[] source = new int[order.Length];
            for (int axis = 0; axis < order.Length; axis++)
                source[order[axis]] = index[axis];
            return this[source];
        });
    }

    public Plain Reshaped(params int[] shape) => new(Values, shape);

    /// <summary>Part of an axis.</summary>
    public Plain Part(int axis, int start, int count)
    {
        int[] shape = [.. Shape];
        shape[axis] = count;
        return Of(shape, index =>
        {
            int[] source = [.. index];
            source[axis] += start;
            return this[source];
        });
    }
}
