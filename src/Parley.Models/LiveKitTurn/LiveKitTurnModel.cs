using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Parley.Graphs;
using Parley.Text.Tokenizers;

namespace Parley.Models.LiveKitTurn;

/// <summary>
/// LiveKit's text turn detector: a small language model that says how likely a message ends where it has come to.
/// huggingface.co/livekit/turn-detector. Safe to call from several threads at once.
/// </summary>
public sealed class LiveKitTurnModel : IDisposable
{
    private static readonly string[] InputNames = ["input_ids"], OutputNames = ["prob"];

    private readonly OnnxModel model;
    private readonly ByteLevelTokenizer tokenizer;
    private readonly LiveKitTurnVariant variant;

    private LiveKitTurnModel(OnnxModel model, ByteLevelTokenizer tokenizer, LiveKitTurnLanguages languages, LiveKitTurnVariant variant)
    {
        this.model = model;
        this.tokenizer = tokenizer;
        this.variant = variant;
        Languages = languages;
    }

    public LiveKitTurnLanguages Languages { get; }

    /// <summary>Opens a published folder and judges once, so that files which do not belong together are found at once.</summary>
    /// <param name="folder">Holds <c>onnx/model_q8.onnx</c> (or <c>model_q8.onnx</c>), <c>tokenizer.json</c> and <c>languages.json</c>.</param>
    /// <exception cref="ModelFileException">Files are missing (all of them are named), damaged, or of another model.</exception>
    public static LiveKitTurnModel Open(string folder)
    {
        LiveKitTurnFolder files = LiveKitTurnFolder.Find(folder);
        LiveKitTurnLanguages languages = LiveKitTurnLanguages.Read(files.Languages);
        ByteLevelTokenizer tokenizer = ReadTokenizer(files.Tokenizer);
        OnnxModel? model = null;
        try
        {
            model = OnnxModel.Open(files.Network);
            model.Require(model.Inputs, InputNames[0], TensorElementType.Int64);
            model.Require(model.Outputs, OutputNames[0], TensorElementType.Float);
            // The English model gives one probability, the multilingual one for every position of every row.
            LiveKitTurnVariant variant = model.Outputs[OutputNames[0]].Dimensions.Length == 1 ? LiveKitTurnVariant.English : LiveKitTurnVariant.Multilingual;
            LiveKitTurnModel detector = new(model, tokenizer, languages, variant);
            detector.Run([tokenizer.AddedToken(LiveKitTurnPrompt.Begin), tokenizer.VocabularySize - 1], CancellationToken.None);
            return detector;
        }
        catch (OnnxModelException fault)
        {
            model?.Dispose();
            throw new ModelFileException(files.Network, $"{fault.Problem} Network and tokenizer.json must come from one revision of livekit/turn-detector.", fault);
        }
    }

    /// <summary>How likely the last message is complete.</summary>
    /// <param name="messages">The conversation; of it the last 6 messages count, cut on the left to 128 tokens.</param>
    /// <param name="cancel">The runtime looks at it between two nodes.</param>
    /// <returns>A probability, to be compared with the language's threshold (often a hundredth); <see langword="null"/> if nobody said anything.</returns>
    /// <exception cref="OnnxModelException">The runtime failed.</exception>
    public float? Predict(IReadOnlyList<SpokenMessage> messages, CancellationToken cancel = default)
    {
        int[] tokens = Tokens(messages);
        return tokens.Length == 0 ? null : Run(tokens, cancel);
    }

    /// <summary>What the model reads, as ids.</summary>
    internal int[] Tokens(IReadOnlyList<SpokenMessage> messages) =>
        [.. tokenizer.Encode(LiveKitTurnPrompt.Build(messages, variant)).TakeLast(LiveKitTurnPrompt.MaxTokens)];

    public void Dispose() => model.Dispose();

    private float Run(int[] tokens, CancellationToken cancel)
    {
        using OrtValue ids = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(tokens, id => (long)id), [1, tokens.Length]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = model.Run(InputNames, [ids], OutputNames, cancel);
        ReadOnlySpan<float> probabilities = outputs[0].GetTensorDataAsSpan<float>();
        return probabilities is [.., >= 0 and <= 1 and float last]
            ? last : throw new OnnxModelException(model.Path, $"gave {(probabilities.IsEmpty ? "nothing" : $"{probabilities[^1]}")} instead of a probability.");
    }

    private static ByteLevelTokenizer ReadTokenizer(string path)
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(path);
        foreach (string token in (ReadOnlySpan<string>)[LiveKitTurnPrompt.Begin, LiveKitTurnPrompt.End])
        {
            if (!tokenizer.HasAddedToken(token))
                throw new ModelFileException(path, $"has no token '{token}'. Is it the tokenizer of another model?");
        }
        return tokenizer;
    }
}
