using System.Runtime.InteropServices;

namespace Parley.Engines.Llama;

/// <summary>
/// The functions of llama.cpp that are called directly, in the very library that LLamaSharp has loaded
/// (<see cref="LlamaLibrary"/>). LLamaSharp's own decode holds one lock for all models of the process, so that a long prompt
/// here would hold up a guard there; a context is ours alone and needs no lock.
/// </summary>
internal static unsafe partial class LlamaNative
{
    public const string Library = "parley-llama";

    [LibraryImport(Library, EntryPoint = "llama_model_get_vocab")]
    public static partial nint VocabularyOf(nint model);

    [LibraryImport(Library, EntryPoint = "llama_model_is_hybrid")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool IsHybrid(nint model);

    [LibraryImport(Library, EntryPoint = "llama_vocab_get_attr")]
    public static partial int AttributesOf(nint vocabulary, int token);

    [LibraryImport(Library, EntryPoint = "llama_vocab_is_eog")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool IsEndOfGeneration(nint vocabulary, int token);

    [LibraryImport(Library, EntryPoint = "llama_tokenize")]
    public static partial int Tokenize(nint vocabulary, byte* text, int length, int* tokens, int room,
        [MarshalAs(UnmanagedType.U1)] bool addSpecial, [MarshalAs(UnmanagedType.U1)] bool parseSpecial);

    [LibraryImport(Library, EntryPoint = "llama_token_to_piece")]
    public static partial int TokenToPiece(nint vocabulary, int token, byte* buffer, int room, int leftStrip, [MarshalAs(UnmanagedType.U1)] bool special);

    [LibraryImport(Library, EntryPoint = "llama_decode")]
    public static partial int Decode(nint context, Batch batch);

    [LibraryImport(Library, EntryPoint = "llama_synchronize")]
    public static partial void Synchronize(nint context);

    [LibraryImport(Library, EntryPoint = "llama_get_logits_ith")]
    public static partial float* LogitsOf(nint context, int row);

    [LibraryImport(Library, EntryPoint = "llama_get_memory")]
    public static partial nint MemoryOf(nint context);

    [LibraryImport(Library, EntryPoint = "llama_memory_clear")]
    public static partial void ClearMemory(nint memory, [MarshalAs(UnmanagedType.U1)] bool data);

    [LibraryImport(Library, EntryPoint = "llama_memory_seq_rm")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool RemoveFrom(nint memory, int sequence, int from, int to);

    [LibraryImport(Library, EntryPoint = "llama_memory_seq_cp")]
    public static partial void CopySequence(nint memory, int source, int target, int from, int to);

    [LibraryImport(Library, EntryPoint = "llama_set_abort_callback")]
    public static partial void SetAbortCallback(nint context, delegate* unmanaged[Cdecl]<void*, byte> callback, void* data);

    [LibraryImport(Library, EntryPoint = "llama_sampler_init_grammar", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint CreateGrammar(nint vocabulary, string grammar, string root);

    [LibraryImport(Library, EntryPoint = "llama_sampler_apply")]
    public static partial void ApplySampler(nint sampler, CandidateArray* candidates);

    [LibraryImport(Library, EntryPoint = "llama_sampler_accept")]
    public static partial void AcceptBySampler(nint sampler, int token);

    [LibraryImport(Library, EntryPoint = "llama_sampler_free")]
    public static partial void FreeSampler(nint sampler);

    /// <summary><c>llama_batch</c>: the tokens of one call.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Batch
    {
        public int Count;
        public int* Tokens;
        public float* Embeddings;
        public int* Positions;
        public int* SequenceCounts;
        public int** Sequences;
        public byte* WantsLogits;
    }

    /// <summary><c>llama_token_data</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Candidate
    {
        public int Token;
        public float Logit;
        public float Probability;
    }

    /// <summary><c>llama_token_data_array</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CandidateArray
    {
        public Candidate* Data;
        public nuint Count;
        public long Selected;
        public byte IsSorted;
    }
}
