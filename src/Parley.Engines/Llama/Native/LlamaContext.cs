using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LLama.Exceptions;
using LLama.Native;
using Parley.Models;

namespace Parley.Engines.Llama;

/// <summary>How a call of the model ended.</summary>
internal enum DecodeOutcome
{
    Done,

    /// <summary>The cache has no room for the batch; nothing has changed.</summary>
    NoRoom,

    /// <summary>Stopped from outside; what the batch would have added must be cut off.</summary>
    Aborted,

    Failed,
}

/// <summary>
/// A context of llama.cpp: the keys and values of many sequences in one pool of cells, and the batch that is put together for the
/// next call. Cells that sequences share count once. One thread uses it; only <see cref="Abort"/> may come from elsewhere.
/// </summary>
internal sealed unsafe class LlamaContext : IDisposable
{
    private readonly SafeLLamaContextHandle handle;
    private readonly nint context, memory;
    private readonly int room;
    private readonly int* tokens, positions, sequenceCounts, sequences;
    private readonly int** sequencePointers;
    private readonly byte* wantsLogits;
    private readonly int* abort;
    private bool disposed;

    /// <param name="model">The weights.</param>
    /// <param name="cells">Tokens whose keys and values fit, of all sequences together.</param>
    /// <param name="sequenceCount">Sequences, at most 256.</param>
    /// <param name="batch">Most tokens of one call.</param>
    /// <param name="rows">Most rows of logits of one call.</param>
    /// <param name="threads">Threads of one call.</param>
    /// <param name="cache">Type of keys and values.</param>
    /// <exception cref="ModelFileException">There is not enough memory, or the model has no such context.</exception>
    public LlamaContext(LlamaModel model, int cells, int sequenceCount, int batch, int rows, int threads, CacheType cache)
    {
        Model = model;
        Cells = cells;
        SequenceCount = sequenceCount;
        room = batch;
        LLamaContextParams settings = LLamaContextParams.Default();
        settings.n_ctx = (uint)cells;
        settings.n_batch = settings.n_ubatch = (uint)batch;
        settings.n_seq_max = (uint)sequenceCount;
        settings.n_outputs_max = (uint)Math.Max(rows, sequenceCount); // llama.cpp holds a row for every sequence, used or not
        settings.n_threads = settings.n_threads_batch = threads;
        settings.type_k = settings.type_v = cache switch
        {
            CacheType.F32 => GGMLType.GGML_TYPE_F32,
            CacheType.Q8 => GGMLType.GGML_TYPE_Q8_0,
            _ => GGMLType.GGML_TYPE_F16,
        };
        // Flash attention casts f32 keys and values to f16 at every call: slow, and not what f32 is asked for.
        settings.llama_flash_attn_type = cache == CacheType.F32
            ? LLamaFlashAttentionType.LLAMA_FLASH_ATTENTION_TYPE_DISABLED : LLamaFlashAttentionType.LLAMA_FLASH_ATTENTION_TYPE_AUTO;
        settings.kv_unified = true; // sequences share the cells of a common beginning
        settings.swa_full = true; // a beginning can be shared at any length, also where layers look back only so far
        settings.no_perf = true;
        settings.offload_kqv = false;
        settings.op_offload = false;
        LlamaLibrary.StartListening();
        try
        {
            handle = SafeLLamaContextHandle.Create(model.Handle, settings);
        }
        catch (RuntimeError fault)
        {
            throw new ModelFileException(model.Path, $"is loaded, but llama.cpp gives no context of {cells} tokens: {LlamaLibrary.Said()} Set brain.cache_tokens lower if memory is short.", fault);
        }
        if (handle.IsInvalid)
            throw new ModelFileException(model.Path, $"is loaded, but llama.cpp gives no context of {cells} tokens: {LlamaLibrary.Said()} Set brain.cache_tokens lower if memory is short.");
        context = handle.DangerousGetHandle();
        memory = LlamaNative.MemoryOf(context);
        tokens = Allocate<int>(batch);
        positions = Allocate<int>(batch);
        sequenceCounts = Allocate<int>(batch);
        sequences = Allocate<int>(batch);
        sequencePointers = (int**)NativeMemory.AllocZeroed((nuint)batch, (nuint)sizeof(int*));
        wantsLogits = Allocate<byte>(batch);
        abort = Allocate<int>(1);
        for (int i = 0; i < batch; i++)
        {
            sequenceCounts[i] = 1;
            sequencePointers[i] = &sequences[i];
        }
        LlamaNative.SetAbortCallback(context, &IsAborted, abort);
    }

    public LlamaModel Model { get; }

    /// <summary>The native context, for benchmarks that wait for it.</summary>
    public nint Handle => context;

    public int Cells { get; }

    public int SequenceCount { get; }

    /// <summary>Tokens in the batch.</summary>
    public int Count { get; private set; }

    public int Room => room - Count;

    public void Clear() => Count = 0;

    /// <summary>Puts a token into the batch.</summary>
    /// <returns>Its row, for <see cref="Logits"/>.</returns>
    public int Add(int token, int position, int sequence, bool withLogits)
    {
        ArgumentOutOfRangeException.ThrowIfZero(Room);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)token, (uint)Model.VocabularySize);
        int row = Count++;
        tokens[row] = token;
        positions[row] = position;
        sequences[row] = sequence;
        wantsLogits[row] = withLogits ? (byte)1 : (byte)0;
        return row;
    }

    /// <summary>Runs the batch through the model. It stays as it is, for another try.</summary>
    public DecodeOutcome Decode()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        LlamaNative.Batch batch = new()
        {
            Count = Count, Tokens = tokens, Positions = positions, SequenceCounts = sequenceCounts, Sequences = sequencePointers, WantsLogits = wantsLogits,
        };
        int result = LlamaNative.Decode(context, batch);
        Volatile.Write(ref *abort, 0);
        return result switch
        {
            0 => DecodeOutcome.Done,
            1 => DecodeOutcome.NoRoom,
            2 => DecodeOutcome.Aborted,
            _ => DecodeOutcome.Failed,
        };
    }

    /// <summary>The logits of a row that asked for them, [vocabulary]; valid until the next <see cref="Decode"/>.</summary>
    /// <exception cref="ModelFileException">They are no numbers: nothing can be chosen or judged by them.</exception>
    public ReadOnlySpan<float> Logits(int row)
    {
        float* logits = LlamaNative.LogitsOf(context, row);
        if (logits is null)
            throw new InvalidOperationException($"Row {row} has no logits.");
        ReadOnlySpan<float> found = new(logits, Model.VocabularySize);
        return float.IsFinite(TensorPrimitives.Max(found)) ? found // the largest of anything and NaN is NaN
            : throw new ModelFileException(Model.Path, "gives no numbers for the next token: weights are damaged, or keys and values too large for their type. Fetch it again, or set brain.cache to f32.");
    }

    /// <summary>Lets a sequence begin with the first tokens of another; the cells are shared.</summary>
    public void Share(int source, int target, int length) => LlamaNative.CopySequence(memory, source, target, 0, length);

    /// <summary>Cuts a sequence off behind its first tokens.</summary>
    /// <returns>False if its memory has no past to go back to.</returns>
    public bool Truncate(int sequence, int length) => LlamaNative.RemoveFrom(memory, sequence, length, -1);

    public void Remove(int sequence) => LlamaNative.RemoveFrom(memory, sequence, -1, -1);

    /// <summary>Stops the running call within one operation of its graph. From any thread; a call that has just begun may be hit instead.</summary>
    public void Abort()
    {
        if (!disposed)
            Volatile.Write(ref *abort, 1);
    }

    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        handle.Dispose();
        NativeMemory.Free(tokens);
        NativeMemory.Free(positions);
        NativeMemory.Free(sequenceCounts);
        NativeMemory.Free(sequences);
        NativeMemory.Free(sequencePointers);
        NativeMemory.Free(wantsLogits);
        NativeMemory.Free(abort);
    }

    private static T* Allocate<T>(int count)
        where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte IsAborted(void* flag) => Volatile.Read(ref *(int*)flag) != 0 ? (byte)1 : (byte)0;
}
