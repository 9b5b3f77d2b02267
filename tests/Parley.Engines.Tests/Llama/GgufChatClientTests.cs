using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Engines.Llama;
using Parley.Models;

namespace Parley.Engines.Tests.Llama;

public sealed class GgufChatClientTests(TinyBrain tiny) : IClassFixture<TinyBrain>, IDisposable
{
    private const string ToolTemplate =
        "{{ bos_token }}{% if tools %}<tool_call>{{ tools | tojson }}{% endif %}{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n{{ message.content }}<|eot_id|>{% endfor %}<|start_header_id|>assistant<|end_header_id|>\n\n";

    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-gguf-");

    private DecoderCase Chat => tiny.Cases[6];

    public void Dispose() => folder.Delete(recursive: true);

    private static ChatOptions Greedy(int tokens = 24) => new() { Temperature = 0, MaxOutputTokens = tokens };

    [Fact]
    public async Task Its_greedy_answers_are_the_reference_s_without_half_a_character_at_the_end()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        foreach (DecoderCase chat in tiny.Cases.Where(each => each.Messages.Count > 0))
        {
            ChatResponse response = await client.GetResponseAsync(chat.Messages, Greedy(), Cancel);
            Assert.Equal(chat.GreedyText, response.Text);
            Assert.Equal(ChatFinishReason.Length, response.FinishReason);
            Assert.Equal((chat.Tokens.Length, 24), ((int)response.Usage!.InputTokenCount!, (int)response.Usage.OutputTokenCount!));
        }
    }

    [Fact]
    public async Task Streamed_pieces_are_whole_characters_and_join_to_the_answer()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        List<ChatResponseUpdate> updates = await client.GetStreamingResponseAsync(Chat.Messages, Greedy(), Cancel).ToListAsync(Cancel);
        Assert.Equal(Chat.GreedyText, string.Concat(updates.Select(update => update.Text)));
        Assert.All(updates, update => Assert.DoesNotContain(update.Text, char.IsHighSurrogate));
        Assert.True(updates.Count > 10);
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer_wherever_the_tokens_begin()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        for (int length = 1; length <= 6; length++)
        {
            for (int at = 4; at + length < 30; at += 5)
            {
                string stop = Chat.GreedyText.Substring(at, length);
                ChatOptions options = Greedy();
                options.StopSequences = [stop];
                ChatResponse response = await client.GetResponseAsync(Chat.Messages, options, Cancel);
                Assert.Equal(Chat.GreedyText[..Chat.GreedyText.IndexOf(stop, StringComparison.Ordinal)], response.Text);
                Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
            }
        }
    }

    [Fact]
    public async Task An_end_token_ends_the_answer()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        ChatOptions options = Greedy();
        options.LogitBias = new Dictionary<int, float> { [tiny.Model.SpecialTokens["<|eot_id|>"]] = 100 };
        ChatResponse response = await client.GetResponseAsync(Chat.Messages, options, Cancel);
        Assert.Equal(("", ChatFinishReason.Stop, 1L), (response.Text, response.FinishReason, response.Usage!.OutputTokenCount));
    }

    [Fact]
    public async Task A_seed_gives_the_same_answer_and_another_seed_another()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        string[] answers = await Task.WhenAll(new long[] { 1, 1, 2 }.Select(async seed =>
            (await client.GetResponseAsync(Chat.Messages, new() { Seed = seed, Temperature = 1, MaxOutputTokens = 40 }, Cancel)).Text));
        Assert.Equal(answers[0], answers[1]);
        Assert.NotEqual(answers[0], answers[2]);
    }

    [Fact]
    public async Task A_bias_decides_the_token()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        ChatOptions options = Greedy(5);
        options.LogitBias = new Dictionary<int, float> { [13] = 100 };
        Assert.Equal(".....", (await client.GetResponseAsync(Chat.Messages, options, Cancel)).Text);
        options.FrequencyPenalty = 2;
        options.LogitBias = new Dictionary<int, float> { [13] = 30, [11] = 29.9f };
        Assert.Contains(",", (await client.GetResponseAsync(Chat.Messages, options, Cancel)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_probabilities_are_the_model_s_own()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        ChatOptions options = new() { Temperature = 2, Seed = 3, MaxOutputTokens = 6, TopLogProbabilities = 20 };
        IReadOnlyList<TokenProbability> told = (await client.GetResponseAsync(Chat.Messages, options, Cancel)).LogProbabilities!;

        Assert.Equal(6, told.Count);
        Assert.All(told, token =>
        {
            Assert.Equal(20, token.Likeliest.Count);
            Assert.Equal(token.Likeliest.OrderByDescending(other => other.LogProbability), token.Likeliest);
            Assert.InRange(token.Likeliest.Sum(other => Math.Exp(other.LogProbability)), 0.1, 1.0001);
        });
        using LlamaScheduler scheduler = tiny.Schedule();
        GreedyJob first = new(Chat.Tokens, 1);
        scheduler.Submit(first);
        await first.Ended.WaitAsync(Cancel);
        double whole = Math.Log(first.FirstLogits.Sum(logit => Math.Exp(logit)));
        Assert.Equal(first.FirstLogits.Max() - whole, told[0].Likeliest[0].LogProbability, 1e-3);
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"ok":{"type":"boolean"},"kind":{"enum":["a","b"]}},"required":["ok","kind"],"additionalProperties":false}""")]
    [InlineData("""{"type":"array","items":{"type":"integer","minimum":3,"maximum":17},"minItems":2,"maxItems":2}""")]
    [InlineData("""{"type":"object","properties":{"name":{"type":"string","maxLength":4},"next":{"anyOf":[{"type":"null"},{"const":5}]}},"required":["name"]}""")]
    public async Task An_answer_follows_its_schema(string schema)
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        JsonElement wanted = JsonElement.Parse(schema);
        for (int seed = 0; seed < 5; seed++)
        {
            ChatOptions options = new() { Seed = seed, Temperature = 1.5f, MaxOutputTokens = 200, ResponseFormat = ChatResponseFormat.ForJsonSchema(wanted) };
            ChatResponse response = await client.GetResponseAsync(Chat.Messages, options, Cancel);
            Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
            JsonElement answer = JsonElement.Parse(response.Text);
            if (answer.ValueKind == JsonValueKind.Array)
                Assert.All(answer.EnumerateArray(), item => Assert.InRange(item.GetInt32(), 3, 17));
            else if (answer.TryGetProperty("kind", out JsonElement kind))
                Assert.Contains(kind.GetString(), (string[])["a", "b"]);
            else
                Assert.InRange(answer.GetProperty("name").GetString()!.Length, 0, 8);
        }
    }

    [Fact]
    public async Task A_required_call_is_a_call()
    {
        using IChatClient client = await TinyBrain.OpenAsync(TinyBrain.WithTemplate(folder.FullName, ToolTemplate));
        AIFunctionDeclaration light = AIFunctionFactory.CreateDeclaration("set_light", "Switches.", JsonElement.Parse("""{"type":"object","properties":{"on":{"type":"boolean"}},"required":["on"]}"""));
        ChatOptions options = new() { Seed = 1, Tools = [light], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = false, MaxOutputTokens = 100 };
        ChatResponse response = await client.GetResponseAsync("Light on.", options, Cancel);

        FunctionCallContent call = Assert.Single(response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        Assert.Equal("set_light", call.Name);
        Assert.Contains(((JsonElement)call.Arguments!["on"]!).ValueKind, (JsonValueKind[])[JsonValueKind.True, JsonValueKind.False]);
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    [Fact]
    public async Task Functions_for_a_template_without_a_place_for_them_are_refused()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        ChatOptions options = new() { Tools = [AIFunctionFactory.CreateDeclaration("f", "", JsonElement.Parse("{}"))] };
        UnsupportedOptionException fault = await Assert.ThrowsAsync<UnsupportedOptionException>(() => client.GetResponseAsync("x", options, Cancel));
        Assert.Equal("Tools", fault.Option);
    }

    [Fact]
    public async Task A_conversation_beyond_the_context_is_refused_with_both_numbers()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        ContextOverflowException fault = await Assert.ThrowsAsync<ContextOverflowException>(() => client.GetResponseAsync(new string('x', 2000), Greedy(), Cancel));
        Assert.Equal(512, fault.Context); // the model's own, below the configured one
        Assert.True(fault.Tokens > 512);
    }

    [Fact]
    public async Task An_answer_ends_at_the_context_s_end_as_too_long()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        ChatOptions options = Greedy(100_000);
        options.LogitBias = tiny.Model.EndTokens.ToDictionary(token => token, _ => -100f);
        ChatResponse response = await client.GetResponseAsync(Chat.Messages, options, Cancel);
        Assert.Equal(512 - Chat.Tokens.Length, response.Usage!.OutputTokenCount);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
    }

    [Fact]
    public async Task A_template_that_refuses_says_so_in_its_own_words()
    {
        using IChatClient client = await TinyBrain.OpenAsync(TinyBrain.WithTemplate(folder.FullName, "{{ raise_exception('System role not supported') }}"));
        ChatTemplateException fault = await Assert.ThrowsAsync<ChatTemplateException>(() => client.GetResponseAsync("x", null, Cancel));
        Assert.Contains("System role not supported", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_outside_what_is_supported_is_named_with_its_line()
    {
        string path = TinyBrain.WithTemplate(folder.FullName, "one\n{% include 'x' %}");
        ModelFileException fault = Assert.Throws<ModelFileException>(() => GgufEngine.Register(path));
        Assert.Contains("template line 2", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_model_whose_weights_are_no_numbers_is_named_instead_of_babbling(float temperature)
    {
        string path = TinyBrain.WithoutNumbers(folder.FullName);
        using IChatClient client = await TinyBrain.OpenAsync(path);
        ModelFileException fault = await Assert.ThrowsAsync<ModelFileException>(() => client.GetResponseAsync("x", new() { Temperature = temperature }, Cancel));
        Assert.Equal(path, fault.Path);
    }

    [Fact]
    public async Task Every_option_out_of_range_is_named()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        (ChatOptions Options, string Name)[] wrong =
        [
            (new() { Temperature = 3 }, "Temperature"), (new() { TopP = 1.1f }, "TopP"), (new() { TopK = -1 }, "TopK"), (new() { MinP = 2 }, "MinP"),
            (new() { FrequencyPenalty = 3 }, "FrequencyPenalty"), (new() { PresencePenalty = -3 }, "PresencePenalty"), (new() { RepetitionPenalty = 0 }, "RepetitionPenalty"),
            (new() { LogitBias = new Dictionary<int, float> { [9999] = 1 } }, "LogitBias"), (new() { TopLogProbabilities = 21 }, "TopLogProbabilities"),
            (new() { MaxOutputTokens = 0 }, "MaxOutputTokens"), (new() { StopSequences = ["a", ""] }, "StopSequences"),
        ];
        foreach ((ChatOptions options, string name) in wrong)
            Assert.Equal(name, (await Assert.ThrowsAsync<UnsupportedOptionException>(() => client.GetResponseAsync("x", options, Cancel))).Option);
    }

    [Fact]
    public async Task A_reader_that_stops_reading_ends_the_work()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync(Chat.Messages, Greedy(400), Cancel))
            break;
        LlamaScheduler scheduler = client.GetService<LlamaScheduler>()!;
        await client.GetResponseAsync("x", Greedy(1), Cancel); // behind it in the same thread
        Assert.True(SpinWait.SpinUntil(() => scheduler.State.Running == 0, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Its_memory_is_bounded_and_told()
    {
        using IChatClient client = await TinyBrain.OpenAsync();
        EngineMemory memory = client.GetService<EngineMemory>()!;
        Assert.Equal(3 * 2 * 16 * 2 * sizeof(float) * 1024, memory.CacheBytes); // layers, key heads, width, keys and values, twice the context of 512
        Assert.InRange(memory.WeightBytes, 700_000, 800_000);
    }
}
