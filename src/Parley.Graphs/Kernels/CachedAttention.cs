using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs;

/// <summary>
/// The operator parley.CachedAttention: what GroupQueryAttention does with queries, keys and values in one tensor and a cache that it extends
/// in place. ONNX Runtime's kernel rearranges all keys for every step; this one reads them as they lie, once for the query heads that
/// share them.
/// </summary>
/// <remarks>
/// Inputs: packed [batch, tokens, (heads + 2 · kv_heads) · d], past keys and values [batch, kv_heads, capacity, d], the position of each
/// sequence's last new token [batch] i32, optionally cosines and sines [positions, d / 2]. Outputs: [batch, tokens, heads · d] and the
/// extended keys and values, the same memory as the past ones or a copy of them. Attributes: heads, kv_heads, interleaved. d is a
/// multiple of 16. Runs on the session's threads and allocates nothing managed.
/// </remarks>
internal static unsafe class CachedAttention
{
    public const string Name = "CachedAttention";

    private const int Group = 4;               // query heads that read a key together
    private const int Width = 8;               // values of a vector; two are a cache line
    private const int KeysAhead = 8;           // what memory delivers while it is waited for
    private const long ParallelValues = 1 << 16; // keys and values below which a second thread comes too late

    /// <summary>The node that does what <paramref name="node"/> does; null if this operator does not do that.</summary>
    public static GraphNode? StandIn(GraphNode node, KeyValueLayout? cache)
    {
        bool fits = node.Operation == "GroupQueryAttention" && cache is { ElementType: ElementType.F32 } && cache.HeadDim % (2 * Width) == 0
            && node.Inputs[1].Length == 0 && node.Attributes.All(attribute => attribute.Name is "num_heads" or "kv_num_heads" or "do_rotary" or "rotary_interleaved");
        if (!fits)
            return null;
        long Attribute(string name) => node.Attributes.FirstOrDefault(attribute => attribute.Name == name)?.I ?? 0;
        string[] inputs = [node.Inputs[0], node.Inputs[3], node.Inputs[4], node.Inputs[5]];
        return new(Name, GraphNode.Parley, node.Inputs.Length > 8 ? [.. inputs, node.Inputs[7], node.Inputs[8]] : inputs, node.Outputs,
        [
            GraphNode.Attribute("heads", Attribute("num_heads")), GraphNode.Attribute("kv_heads", Attribute("kv_num_heads")),
            GraphNode.Attribute("interleaved", Attribute("rotary_interleaved")),
        ]);
    }

    public static NativeOperator* Define() => NativeOperator.Create(
        "CachedAttention"u8,
        [NativeOperator.F32, NativeOperator.F32, NativeOperator.F32, NativeOperator.I32, NativeOperator.F32, NativeOperator.F32],
        requiredInputs: 4, outputs: 3, &Create, &Run);

    /// <summary>One node.</summary>
    private struct Kernel
    {
        public int Heads;
        public int KvHeads;
        public bool IsInterleaved;
    }

    /// <summary>One call of a node, shared by the threads that work on it.</summary>
    private struct Call
    {
        public Kernel* Kernel;
        public float* Packed;
        public float* Keys;
        public float* Values;
        public int* LastPositions;
        public float* Cosines; // or null: no rotation
        public float* Sines;
        public float* Output;
        public float* Scratch; // of each thread: turned queries, then scores
        public long ScratchValues;
        public int Batch;
        public int Tokens;
        public int HeadDim;
        public long Capacity;
        public int NextExtension;
        public WorkParts Queries;

        public readonly int RowValues => (Kernel->Heads + 2 * Kernel->KvHeads) * HeadDim;

        public readonly int GroupsPerKey => (Kernel->Heads / Kernel->KvHeads + Group - 1) / Group;
    }

    private static void* Create(nint info)
    {
        Kernel* kernel = (Kernel*)NativeMemory.Alloc((nuint)sizeof(Kernel));
        *kernel = new()
        {
            Heads = checked((int)OrtApi.Attribute(info, "heads"u8)),
            KvHeads = checked((int)OrtApi.Attribute(info, "kv_heads"u8)),
            IsInterleaved = OrtApi.Attribute(info, "interleaved"u8) != 0,
        };
        return kernel;
    }

    private static void Run(void* state, nint context)
    {
        Kernel* kernel = (Kernel*)state;
        Span<long> packed = stackalloc long[8], cache = stackalloc long[8], sizes = stackalloc long[8];
        nint input = OrtApi.Input(context, 0), pastKeys = OrtApi.Input(context, 1), pastValues = OrtApi.Input(context, 2);
        nint last = OrtApi.Input(context, 3), cosines = OrtApi.Input(context, 4);
        int rank = OrtApi.Sizes(input, packed), cacheRank = OrtApi.Sizes(pastKeys, cache);
        long headDim = cache[3];
        if (rank != 3 || cacheRank != 4 || cache[0] != packed[0] || cache[1] != kernel->KvHeads || packed[2] != (kernel->Heads + 2 * kernel->KvHeads) * headDim)
            throw new InvalidOperationException($"queries, keys and values of [{string.Join(", ", packed[..rank].ToArray())}] do not fit a cache of [{string.Join(", ", cache[..cacheRank].ToArray())}].");
        Call call = new()
        {
            Kernel = kernel, Packed = (float*)OrtApi.Data(input), LastPositions = (int*)OrtApi.Data(last),
            Keys = Extended(context, 1, pastKeys, cache), Values = Extended(context, 2, pastValues, cache),
            Batch = checked((int)packed[0]), Tokens = checked((int)packed[1]), HeadDim = (int)headDim, Capacity = cache[2],
        };
        packed[2] = kernel->Heads * headDim;
        call.Output = (float*)OrtApi.Data(OrtApi.Output(context, 0, packed[..3]));
        if (cosines != 0)
        {
            call.Cosines = (float*)OrtApi.Data(cosines);
            call.Sines = (float*)OrtApi.Data(OrtApi.Input(context, 5));
            OrtApi.Sizes(cosines, sizes);
        }
        long longest = 0;
        for (int sequence = 0; sequence < call.Batch; sequence++)
        {
            int position = call.LastPositions[sequence];
            if (position < call.Tokens - 1 || position >= call.Capacity || (cosines != 0 && position >= sizes[0]))
                throw new InvalidOperationException($"position {position} of sequence {sequence} does not fit {call.Tokens} new tokens and a cache of {call.Capacity}.");
            longest = Math.Max(longest, position + 1);
        }

        int threads = OnnxEnvironment.Threads;
        int* next = stackalloc int[threads];
        call.Queries = new(next, checked(call.Batch * kernel->KvHeads * call.Tokens * call.GroupsPerKey), threads);
        call.ScratchValues = Group * (headDim + longest + 1); // scores go in pairs
        (nint Address, nuint Bytes) scratch = NativeScratch.Rent((nuint)(threads * call.ScratchValues * sizeof(float)));
        try
        {
            call.Scratch = (float*)scratch.Address;
            if (call.Batch * call.Tokens * longest * headDim * kernel->KvHeads >= ParallelValues)
            {
                if (call.Tokens > 1)
                    OrtApi.ParallelFor(context, &ExtendCaches, threads, &call);
                else
                    Extend(&call);
                OrtApi.ParallelFor(context, &Attend, threads, &call);
            }
            else
            {
                Extend(&call);
                Attend(&call, 0);
            }
        }
        finally
        {
            NativeScratch.Return(scratch);
        }
    }

    /// <summary>The cache to be extended: the past one if that is what the output was bound to, else a copy.</summary>
    private static float* Extended(nint context, nuint output, nint past, ReadOnlySpan<long> sizes)
    {
        float* from = (float*)OrtApi.Data(past), to = (float*)OrtApi.Data(OrtApi.Output(context, output, sizes[..4]));
        long bytes = OrtApi.Count(sizes[..4]) * sizeof(float);
        if (from != to)
            Buffer.MemoryCopy(from, to, bytes, bytes);
        return to;
    }

    [UnmanagedCallersOnly]
    private static void ExtendCaches(void* call, nuint thread) => Extend((Call*)call);

    [UnmanagedCallersOnly]
    private static void Attend(void* call, nuint thread) => Attend((Call*)call, (int)thread);

    /// <summary>Puts the new keys, turned to their positions, and values into the cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Extend(Call* call)
    {
        Kernel* kernel = call->Kernel;
        int rows = call->Batch * call->Tokens, headDim = call->HeadDim;
        for (int row; (row = Interlocked.Increment(ref call->NextExtension) - 1) < rows;)
        {
            int sequence = row / call->Tokens, position = call->LastPositions[sequence] - call->Tokens + 1 + row % call->Tokens;
            float* key = call->Packed + (long)row * call->RowValues + kernel->Heads * headDim, value = key + kernel->KvHeads * headDim;
            for (int head = 0; head < kernel->KvHeads; head++)
            {
                long at = (((long)sequence * kernel->KvHeads + head) * call->Capacity + position) * headDim;
                Turn(call, key + head * headDim, position, 1, call->Keys + at);
                new ReadOnlySpan<float>(value + head * headDim, headDim).CopyTo(new(call->Values + at, headDim));
            }
        }
    }

    /// <summary>Takes groups of query heads until none is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Attend(Call* call, int thread)
    {
        float* scratch = call->Scratch + thread * call->ScratchValues;
        (int unit, int end) = call->Queries.Take(ref thread, 1);
        while (unit < end)
        {
            int current = unit;
            (unit, end) = call->Queries.Take(ref thread, 1);
            Attend(call, current, unit < end ? unit : current, scratch);
        }
    }

    /// <summary>One group of query heads; meanwhile the keys of the <paramref name="following"/> one are asked for.</summary>
    private static void Attend(Call* call, int unit, int following, float* queries)
    {
        Kernel* kernel = call->Kernel;
        int headDim = call->HeadDim, perKey = kernel->Heads / kernel->KvHeads, groups = call->GroupsPerKey;
        float* scores = queries + Group * headDim;
        float scale = 1 / MathF.Sqrt(headDim);
        int group = unit % groups, token = unit / groups % call->Tokens, sequenceHead = unit / groups / call->Tokens;
        int sequence = sequenceHead / kernel->KvHeads, kvHead = sequenceHead % kernel->KvHeads;
        int position = call->LastPositions[sequence] - call->Tokens + 1 + token, heads = Math.Min(Group, perKey - group * Group);
        int firstHead = kvHead * perKey + group * Group;
        long row = (long)sequence * call->Tokens + token;
        for (int head = 0; head < Group; head++) // those that are missing repeat the last, and are not kept
        {
            float* query = call->Packed + row * call->RowValues + (firstHead + Math.Min(head, heads - 1)) * headDim;
            Turn(call, query, position, scale, queries + head * headDim);
        }
        long perHead = call->Capacity * headDim;
        float* keys = call->Keys + sequenceHead * perHead, values = call->Values + sequenceHead * perHead;
        float* followingKeys = call->Keys + following / groups / call->Tokens * perHead;
        Score(queries, keys, values, headDim, position + 1, scores);
        Vector128<float> factors = Exponentiate(scores, position + 1);
        Mix(scores, values, followingKeys, headDim, position + 1, factors, heads, call->Output + (row * kernel->Heads + firstHead) * headDim);
    }

    /// <summary>A head's values turned to its position and scaled: pairs (a, b) to (a · cos - b · sin, b · cos + a · sin).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(Call* call, float* from, int position, float scale, float* to)
    {
        int headDim = call->HeadDim, half = headDim / 2;
        if (call->Cosines is null)
        {
            for (int i = 0; i < headDim; i += Width)
                (Vector256.Load(from + i) * scale).Store(to + i);
            return;
        }
        float* cosines = call->Cosines + (long)position * half, sines = call->Sines + (long)position * half;
        if (call->Kernel->IsInterleaved)
        {
            Vector256<int> twice = Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3);
            Vector256<float> signs = Vector256.Create(-1f, 1, -1, 1, -1, 1, -1, 1);
            for (int i = 0; i < headDim; i += Width, cosines += Width / 2, sines += Width / 2)
            {
                Vector256<float> x = Vector256.Load(from + i) * scale, swapped = Avx.Permute(x, 0b10_11_00_01);
                Vector256<float> cosine = Avx2.PermuteVar8x32(Vector128.Load(cosines).ToVector256Unsafe(), twice);
                Vector256<float> sine = Avx2.PermuteVar8x32(Vector128.Load(sines).ToVector256Unsafe(), twice);
                (x * cosine + swapped * (sine * signs)).Store(to + i);
            }
            return;
        }
        for (int i = 0; i < half; i += Width)
        {
            Vector256<float> a = Vector256.Load(from + i) * scale, b = Vector256.Load(from + half + i) * scale;
            Vector256<float> cosine = Vector256.Load(cosines + i), sine = Vector256.Load(sines + i);
            (a * cosine - b * sine).Store(to + i);
            (b * cosine + a * sine).Store(to + half + i);
        }
    }

    /// <summary>Four queries times each key: <paramref name="scores"/> [keys, 4]. Asks for the values, which are next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score(float* queries, float* keys, float* values, int headDim, int count, float* scores)
    {
        int key = 0;
        for (; key + 2 <= count; key += 2, keys += 2 * headDim, values += 2 * headDim)
        {
            Vector256<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
            for (int i = 0; i < headDim; i += Width)
            {
                Sse.Prefetch0(keys + KeysAhead * headDim + 2 * i);
                Sse.Prefetch0(values + 2 * i);
                Vector256<float> first = Vector256.Load(keys + i), second = Vector256.Load(keys + headDim + i), query = Vector256.Load(queries + i);
                a = Fma.MultiplyAdd(query, first, a);
                e = Fma.MultiplyAdd(query, second, e);
                query = Vector256.Load(queries + headDim + i);
                b = Fma.MultiplyAdd(query, first, b);
                f = Fma.MultiplyAdd(query, second, f);
                query = Vector256.Load(queries + 2 * headDim + i);
                c = Fma.MultiplyAdd(query, first, c);
                g = Fma.MultiplyAdd(query, second, g);
                query = Vector256.Load(queries + 3 * headDim + i);
                d = Fma.MultiplyAdd(query, first, d);
                h = Fma.MultiplyAdd(query, second, h);
            }
            Sum(a, b, c, d).Store(scores + key * Group);
            Sum(e, f, g, h).Store(scores + (key + 1) * Group);
        }
        if (key < count)
        {
            Vector256<float> a = default, b = default, c = default, d = default;
            for (int i = 0; i < headDim; i += Width)
            {
                Vector256<float> k = Vector256.Load(keys + i);
                a = Fma.MultiplyAdd(Vector256.Load(queries + i), k, a);
                b = Fma.MultiplyAdd(Vector256.Load(queries + headDim + i), k, b);
                c = Fma.MultiplyAdd(Vector256.Load(queries + 2 * headDim + i), k, c);
                d = Fma.MultiplyAdd(Vector256.Load(queries + 3 * headDim + i), k, d);
            }
            Sum(a, b, c, d).Store(scores + key * Group);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sum(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        Vector256<float> sums = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
        return sums.GetLower() + sums.GetUpper();
    }

    /// <summary>Scores to e^(score - largest), and one over their sum for each query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<float> Exponentiate(float* scores, int count)
    {
        Vector128<float> largest = Vector128.Load(scores);
        for (int key = 1; key < count; key++)
            largest = Vector128.Max(largest, Vector128.Load(scores + key * Group));
        if (count % 2 != 0) // so that they go in pairs; the last is not read
            Vector128.Create(float.NegativeInfinity).Store(scores + count * Group);
        Vector256<float> twice = Vector256.Create(largest, largest), sums = default;
        for (int key = 0; key < count; key += 2)
        {
            Vector256<float> e = Vector256.Exp(Vector256.Load(scores + key * Group) - twice);
            e.Store(scores + key * Group);
            sums += e;
        }
        return Vector128<float>.One / (sums.GetLower() + sums.GetUpper());
    }

    /// <summary>The values weighted by the scores, two vectors of four queries at a time. Asks for the keys that are next, as many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(float* scores, float* values, float* followingKeys, int headDim, int count, Vector128<float> factors, int heads, float* output)
    {
        Columns* sums = stackalloc Columns[Group];
        for (int i = 0; i < headDim; i += 2 * Width)
        {
            Columns a = default, b = default, c = default, d = default;
            float* value = values + i, followingKey = followingKeys + i;
            for (int key = 0; key < count; key++, value += headDim, followingKey += headDim)
            {
                Sse.Prefetch1(followingKey);
                Vector256<float> low = Vector256.Load(value), high = Vector256.Load(value + Width);
                float* score = scores + key * Group;
                Add(ref a, low, high, score[0]);
                Add(ref b, low, high, score[1]);
                Add(ref c, low, high, score[2]);
                Add(ref d, low, high, score[3]);
            }
            (sums[0], sums[1], sums[2], sums[3]) = (a, b, c, d);
            for (int head = 0; head < heads; head++)
            {
                (sums[head].Low * factors[head]).Store(output + head * headDim + i);
                (sums[head].High * factors[head]).Store(output + head * headDim + i + Width);
            }
        }
    }

    /// <summary>Sixteen values of one query's result.</summary>
    private struct Columns
    {
        public Vector256<float> Low;
        public Vector256<float> High;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Columns sum, Vector256<float> low, Vector256<float> high, float score)
    {
        Vector256<float> weight = Vector256.Create(score);
        sum.Low = Fma.MultiplyAdd(low, weight, sum.Low);
        sum.High = Fma.MultiplyAdd(high, weight, sum.High);
    }
}
