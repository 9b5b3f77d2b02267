using Parley.Text.Jinja;

namespace Parley.Models.LiveKitTurn;

/// <summary>The two published models.</summary>
internal enum LiveKitTurnVariant
{
    /// <summary>14 languages, on Qwen2.5-0.5B.</summary>
    Multilingual,

    /// <summary>On SmolLM2-135M; deprecated by its makers.</summary>
    English,
}

/// <summary>
/// What the model reads: the end of the conversation in its chat template, the last message left open. livekit/agents:
/// livekit-plugins-turn-detector, turn_detector/base.py.
/// </summary>
internal static class LiveKitTurnPrompt
{
    /// <summary>Messages that are looked at, and tokens of them: what lies further back is cut off.</summary>
    public const int MaxMessages = 6, MaxTokens = 128;

    public const string Begin = "<|im_start|>", End = "<|im_end|>";

    /// <summary>
    /// The prompt in runs, so that words which look like control tokens stay words: the original reads a user's <c>&lt;|endoftext|&gt;</c>
    /// as the token, we do not. Everything else is as there, also that a message of punctuation alone joins its neighbour or stands empty.
    /// </summary>
    /// <returns>Nothing if nobody said anything.</returns>
    public static IReadOnlyList<MarkedRun> Build(IReadOnlyList<SpokenMessage> messages, LiveKitTurnVariant variant)
    {
        List<(Speaker Speaker, string Text)> turns = [];
        foreach (SpokenMessage message in messages.Where(message => message.Text.Length > 0).TakeLast(MaxMessages))
        {
            string text = variant == LiveKitTurnVariant.Multilingual ? LiveKitTurnText.Normalise(message.Text) : message.Text;
            if (turns is [.., (Speaker last, string before)] && last == message.Speaker)
                turns[^1] = (last, $"{before} {text}");
            else
                turns.Add((message.Speaker, text));
        }

        List<MarkedRun> runs = [];
        foreach ((int i, (Speaker speaker, string text)) in turns.Index())
        {
            string name = speaker == Speaker.User ? "user" : "assistant";
            bool isLast = i == turns.Count - 1;
            (string before, string after) = variant == LiveKitTurnVariant.Multilingual
                ? ($"{Begin}{name}\n", $"{End}\n")
                : ($"{Begin}<|{name}|>", End);
            runs.Add(new(before, IsInput: false));
            runs.Add(new(text, IsInput: true));
            if (!isLast)
                runs.Add(new(after, IsInput: false));
        }
        return runs;
    }
}
