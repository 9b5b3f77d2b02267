using System.Globalization;
using System.Text.Json.Serialization;
using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>The sizes of a Voxtral TTS checkpoint, named as in its <c>params.json</c>. This level is the text decoder.</summary>
public sealed record VoxtralConfig
{
    /// <summary>Width of the hidden states.</summary>
    public required int Dim { get; init; }

    public required int NLayers { get; init; }

    /// <summary>Width of a head; not Dim / NHeads.</summary>
    public required int HeadDim { get; init; }

    public required int HiddenDim { get; init; }

    public required int NHeads { get; init; }

    /// <summary>Key and value heads; each serves NHeads / NKvHeads query heads.</summary>
    public required int NKvHeads { get; init; }

    public bool UseBiases { get; init; }

    public required double RopeTheta { get; init; }

    public required float NormEps { get; init; }

    public required int VocabSize { get; init; }

    /// <summary><c>voxtral_tts</c> in the published file.</summary>
    public string? ModelType { get; init; }

    public required VoxtralMultimodal Multimodal { get; init; }

    [JsonIgnore]
    public VoxtralAudioModel AudioModel => Multimodal.AudioModelArgs;

    [JsonIgnore]
    public VoxtralAcoustic Acoustic => AudioModel.AcousticTransformerArgs;

    [JsonIgnore]
    public VoxtralCodecConfig Codec => Multimodal.AudioTokenizerArgs;

    /// <summary>Rows of the semantic head: every code with the two marks, rounded up to 128.</summary>
    [JsonIgnore]
    public int SemanticRows => RoundUp(AudioModel.SemanticCodebookSize + VoxtralCodes.Marks);

    /// <summary>Rows of the audio code table: all codebooks one after another, rounded up to 128.</summary>
    [JsonIgnore]
    public int AudioCodeRows => RoundUp(VoxtralCodes.TableOffset(AudioModel, AudioModel.NAcousticCodebook + 1));

    /// <summary>Voxtral-4B-TTS-2603.</summary>
    public static VoxtralConfig Published { get; } = new()
    {
        Dim = 3072,
        NLayers = 26,
        HeadDim = 128,
        HiddenDim = 9216,
        NHeads = 32,
        NKvHeads = 8,
        RopeTheta = 1e6,
        NormEps = 1e-5f,
        VocabSize = 131_072,
        ModelType = "voxtral_tts",
        Multimodal = new(
            new()
            {
                SemanticCodebookSize = 8192,
                AcousticCodebookSize = 21,
                NAcousticCodebook = 36,
                AudioEncodingArgs = new(24_000, 12.5),
                AcousticTransformerArgs = new() { InputDim = 3072, Dim = 3072, NLayers = 3, HeadDim = 128, HiddenDim = 9216, NHeads = 32, NKvHeads = 8, SigmaMax = 1 },
            },
            new()
            {
                Channels = 1,
                SamplingRate = 24_000,
                PretransformPatchSize = 240,
                PatchProjKernelSize = 7,
                SemanticCodebookSize = 8192,
                SemanticDim = 256,
                AcousticCodebookSize = 21,
                AcousticDim = 36,
                ConvWeightNorm = true,
                Causal = true,
                AttnSlidingWindowSize = 16,
                HalfAttnWindowUponDownsampling = true,
                Dim = 1024,
                HiddenDim = 4096,
                HeadDim = 128,
                NHeads = 8,
                NKvHeads = 8,
                QkNorm = true,
                QkNormEps = 1e-6f,
                NormEps = 0.01f,
                LayerScale = true,
                DecoderTransformerLengthsStr = "2,2,2,2",
                DecoderConvsKernelsStr = "3,4,4,4",
                DecoderConvsStridesStr = "1,2,2,2",
            }),
    };

    /// <exception cref="CheckpointException">A field is missing, or two of them contradict each other.</exception>
    public static VoxtralConfig Read(string path)
    {
        VoxtralConfig c = CheckpointJson.Read(path, VoxtralJson.Default.VoxtralConfig);
        VoxtralCodecConfig codec = c.Codec;
        Require(c.NHeads % c.NKvHeads == 0, $"n_heads {c.NHeads} is not a multiple of n_kv_heads {c.NKvHeads}");
        Require(c.Acoustic.NHeads % c.Acoustic.NKvHeads == 0, $"the acoustic n_heads {c.Acoustic.NHeads} is not a multiple of n_kv_heads {c.Acoustic.NKvHeads}");
        Require(c.HeadDim % 16 == 0, $"head_dim {c.HeadDim} is not a multiple of 16");
        Require(c.Acoustic.Dim == c.Dim && c.Acoustic.InputDim == c.Dim,
            $"the acoustic transformer's dim {c.Acoustic.Dim} and input_dim {c.Acoustic.InputDim} must be the decoder's dim {c.Dim}");
        Require(!c.UseBiases && !c.Acoustic.UseBiases && !codec.UseBiases, "use_biases is true, which no published checkpoint has");
        Require(codec.SemanticCodebookSize == c.AudioModel.SemanticCodebookSize && codec.AcousticCodebookSize == c.AudioModel.AcousticCodebookSize
            && codec.AcousticDim == c.AudioModel.NAcousticCodebook, "the code books of audio_model_args and audio_tokenizer_args differ");
        Require(codec is { Causal: true, QkNorm: true, ConvWeightNorm: true, LayerScale: true, Channels: 1 },
            "the codec must be causal and mono, with qk_norm, conv_weight_norm and layer_scale");
        Require(codec.NHeads == codec.NKvHeads, $"the codec's n_heads {codec.NHeads} and n_kv_heads {codec.NKvHeads} differ");
        Require(codec.Kernels.Length == codec.Strides.Length && codec.Kernels.Length == codec.TransformerLengths.Length && codec.Kernels.Length > 0,
            "decoder_transformer_lengths_str, decoder_convs_kernels_str and decoder_convs_strides_str have different counts");
        Require(codec.Kernels.Zip(codec.Strides).All(conv => conv.Second == 1 || conv.First == 2 * conv.Second), "a codec convolution has a kernel that is not twice its stride");
        Require(codec.Strides[0] == 1 && codec.Strides[1..].All(stride => stride > 1), "decoder_convs_strides_str does not begin with 1 and go up from there");
        return c;

        void Require(bool condition, string contradiction)
        {
            if (!condition)
                throw new CheckpointException(path, $"{contradiction}. Is this params.json from another model?");
        }
    }

    private static int RoundUp(int rows) => (rows + 127) / 128 * 128;
}

/// <summary><c>multimodal</c>.</summary>
public sealed record VoxtralMultimodal(VoxtralAudioModel AudioModelArgs, VoxtralCodecConfig AudioTokenizerArgs);

/// <summary><c>multimodal.audio_model_args</c>: how sound is written as codes.</summary>
public sealed record VoxtralAudioModel
{
    /// <summary>Values of the semantic code.</summary>
    public required int SemanticCodebookSize { get; init; }

    /// <summary>Levels of an acoustic code.</summary>
    public required int AcousticCodebookSize { get; init; }

    /// <summary>Acoustic codes a frame.</summary>
    public required int NAcousticCodebook { get; init; }

    public required VoxtralAudioEncoding AudioEncodingArgs { get; init; }

    public required VoxtralAcoustic AcousticTransformerArgs { get; init; }
}

/// <summary><c>audio_encoding_args</c>.</summary>
/// <param name="SamplingRate">Hz.</param>
/// <param name="FrameRate">Codec frames a second.</param>
public sealed record VoxtralAudioEncoding(int SamplingRate, double FrameRate);

/// <summary><c>acoustic_transformer_args</c>: the flow-matching transformer.</summary>
public sealed record VoxtralAcoustic
{
    public required int InputDim { get; init; }

    public required int Dim { get; init; }

    public required int NLayers { get; init; }

    public required int HeadDim { get; init; }

    public required int HiddenDim { get; init; }

    public required int NHeads { get; init; }

    public required int NKvHeads { get; init; }

    public bool UseBiases { get; init; }

    // Nullable because the generated reader gives an init property that the file leaves out its type's default.
    public float? SigmaMax { get; init; }

    public int? NDecodingSteps { get; init; }

    public float? NormEps { get; init; }

    /// <summary>Deviation of the start noise.</summary>
    [JsonIgnore]
    public float NoiseDeviation => SigmaMax ?? 1;

    /// <summary>Euler steps. The published file leaves them open; the reference then takes 7.</summary>
    [JsonIgnore]
    public int EulerSteps => NDecodingSteps ?? 7;

    [JsonIgnore]
    public float Epsilon => NormEps ?? 1e-5f;

    /// <summary>Width of queries, keys and values of a layer, one after another.</summary>
    [JsonIgnore]
    public int ProjectionDim => (NHeads + 2 * NKvHeads) * HeadDim;
}

/// <summary><c>multimodal.audio_tokenizer_args</c>: the codec.</summary>
public sealed record VoxtralCodecConfig
{
    public required int Channels { get; init; }

    public required int SamplingRate { get; init; }

    /// <summary>Samples of one position of the last block.</summary>
    public required int PretransformPatchSize { get; init; }

    public required int PatchProjKernelSize { get; init; }

    public required int SemanticCodebookSize { get; init; }

    public required int SemanticDim { get; init; }

    public required int AcousticCodebookSize { get; init; }

    public required int AcousticDim { get; init; }

    public required bool ConvWeightNorm { get; init; }

    public required bool Causal { get; init; }

    /// <summary>Keys before a query that it sees in the finest block; coarser blocks see half of it for each halving.</summary>
    public required int AttnSlidingWindowSize { get; init; }

    public bool? HalfAttnWindowUponDownsampling { get; init; }

    public required int Dim { get; init; }

    public required int HiddenDim { get; init; }

    public required int HeadDim { get; init; }

    public required int NHeads { get; init; }

    public required int NKvHeads { get; init; }

    public required bool QkNorm { get; init; }

    public required float QkNormEps { get; init; }

    public bool UseBiases { get; init; }

    public required float NormEps { get; init; }

    public required bool LayerScale { get; init; }

    public required string DecoderTransformerLengthsStr { get; init; }

    public required string DecoderConvsKernelsStr { get; init; }

    public required string DecoderConvsStridesStr { get; init; }

    /// <summary>Preset voices by name; the numbers only order them.</summary>
    public IReadOnlyDictionary<string, int>? Voice { get; init; }

    [JsonIgnore]
    public int[] TransformerLengths => Numbers(DecoderTransformerLengthsStr);

    [JsonIgnore]
    public int[] Kernels => Numbers(DecoderConvsKernelsStr);

    [JsonIgnore]
    public int[] Strides => Numbers(DecoderConvsStridesStr);

    /// <summary>Positions of the last block for one frame.</summary>
    [JsonIgnore]
    public int PositionsPerFrame => Strides.Aggregate(1, (product, stride) => product * stride);

    [JsonIgnore]
    public int SamplesPerFrame => PositionsPerFrame * PretransformPatchSize;

    [JsonIgnore]
    public int LatentDim => SemanticDim + AcousticDim;

    [JsonIgnore]
    public int AttentionDim => NHeads * HeadDim;

    /// <summary>The window of each transformer block: 2, 4, 8, 16 as published.</summary>
    [JsonIgnore]
    public int[] Windows
    {
        get
        {
            int levels = Strides.Count(stride => stride > 1), window = AttnSlidingWindowSize;
            return HalfAttnWindowUponDownsampling ?? true
                ? [.. Strides.Select((_, block) => window >> (levels - Strides[..(block + 1)].Count(stride => stride > 1)))]
                : [.. Strides.Select(_ => window)];
        }
    }

    private static int[] Numbers(string list) => [.. list.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(VoxtralConfig))]
internal sealed partial class VoxtralJson : JsonSerializerContext;
