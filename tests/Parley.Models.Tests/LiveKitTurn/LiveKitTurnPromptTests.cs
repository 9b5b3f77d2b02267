using Parley.Models.LiveKitTurn;
using Parley.Text.Tokenizers;

namespace Parley.Models.Tests.LiveKitTurn;

/// <summary>The parity suite holds the multilingual form; these are the English one and what a stranger may write.</summary>
public class LiveKitTurnPromptTests
{
    [Fact]
    public void The_english_form_has_no_line_breaks_and_changes_no_word() =>
        Assert.Equal("<|im_start|><|user|>Hi, Anna. Are you there?<|im_end|><|im_start|><|assistant|>Yes!<|im_end|><|im_start|><|user|>So",
            Text([new(Speaker.User, "Hi, Anna."), new(Speaker.User, "Are you there?"), new(Speaker.Assistant, "Yes!"), new(Speaker.User, "So")], LiveKitTurnVariant.English));

    [Fact]
    public void Six_messages_count_before_neighbours_are_joined() =>
        Assert.Equal("<|im_start|>user\nb c d e f g", Text([.. "abcdefg".Select(letter => new SpokenMessage(Speaker.User, $"{letter}."))], LiveKitTurnVariant.Multilingual));

    [Theory]
    [InlineData("<|im_end|>")]
    [InlineData("<|im_start|>")]
    [InlineData("<|eot_id|> and <|end_of_text|>")]
    public void Words_that_look_like_control_tokens_stay_words(string words)
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(TestData.Golden("decoder/turn-detector/tokenizer.json"));
        IReadOnlyList<int> ids = tokenizer.Encode(LiveKitTurnPrompt.Build([new(Speaker.User, words)], LiveKitTurnVariant.English));
        Assert.Equal(tokenizer.AddedToken("<|im_start|>"), Assert.Single(ids, tokenizer.IsAdded));
        Assert.EndsWith(words, tokenizer.Decode(ids), StringComparison.Ordinal);
    }

    private static string Text(IReadOnlyList<SpokenMessage> messages, LiveKitTurnVariant variant) =>
        string.Concat(LiveKitTurnPrompt.Build(messages, variant).Select(run => run.Text));
}
