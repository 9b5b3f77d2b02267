using System.Text.Json;
using Parley.Models.LiveKitTurn;

namespace Parley.Models.Parity;

/// <summary>LiveKit's text turn detector beside the original plug-in, on a tiny random network: <c>decoder/turn-detector</c>.</summary>
public sealed class TurnDetectorParity : IParityFamily
{
    private const double ProbabilityTolerance = 1e-4; // of the probability, which is small itself; the README asks for 1e-5 of 1

    public string Name => "decoder";

    public bool Recognises(string folder) => File.Exists(Path.Combine(folder, "languages.json")) && File.Exists(Path.Combine(folder, "case.json"));

    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        using LiveKitTurnModel model = LiveKitTurnModel.Open(folder);
        foreach ((int number, JsonElement entry) in document.RootElement.GetProperty("cases").EnumerateArray().Index())
        {
            SpokenMessage[] messages = [.. entry.GetProperty("messages").EnumerateArray().Select(Message)];
            string text = string.Concat(LiveKitTurnPrompt.Build(messages, LiveKitTurnVariant.Multilingual).Select(run => run.Text));
            yield return ParityRow.Identical($"text {number}", [entry.GetProperty("text").GetString()!], [text]);
            yield return ParityRow.Identical($"tokens {number}", [.. entry.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32())], model.Tokens(messages));
            yield return ParityRow.WithinLargest($"probability {number}", [entry.GetProperty("probability").GetSingle()], [model.Predict(messages, cancel) ?? float.NaN], ProbabilityTolerance);
        }
    }

    private static SpokenMessage Message(JsonElement message) =>
        new(message.GetProperty("role").GetString() == "user" ? Speaker.User : Speaker.Assistant, message.GetProperty("content").GetString()!);
}
