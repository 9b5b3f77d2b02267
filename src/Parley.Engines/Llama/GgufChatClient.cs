using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.AI;
using Parley.Text.Jinja;

namespace Parley.Engines.Llama;

/// <summary>
/// A language model in a GGUF file. Many conversations share its weights; each has a sequence of its own, and what they have in common
/// at their beginning is computed once. Owns the model.
/// </summary>
internal sealed class GgufChatClient : IChatClient
{
    private const int DefaultMaxTokens = 2048;

    private readonly EngineDescription description;
    private readonly LlamaModel model;
    private readonly ChatTemplate template;
    private readonly LlamaScheduler scheduler;
    private readonly BrainOptions options;
    private readonly BrainFile file;

    public GgufChatClient(EngineDescription description, BrainFile file, LlamaModel model, ChatTemplate template, LlamaScheduler scheduler, BrainSize size, BrainOptions options)
    {
        this.description = description;
        this.file = file;
        this.model = model;
        this.template = template;
        this.scheduler = scheduler;
        this.options = options;
        Size = size;
    }

    public BrainSize Size { get; }

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<ChatResponseUpdate> updates = [];
        List<TokenProbability> probabilities = [];
        await foreach (ChatResponseUpdate update in GetStreamingResponseAsync(messages, options, cancellationToken))
        {
            probabilities.AddRange(update.LogProbabilities ?? []);
            updates.Add(update);
        }
        ChatResponse response = updates.ToChatResponse();
        response.LogProbabilities = options?.TopLogProbabilities is null ? null : probabilities;
        return response;
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        options ??= new ChatOptions();
        List<AIFunctionDeclaration> tools = ToolsOf(options);
        bool reasons = options.Reasoning is { } wanted ? wanted.Effort is not (null or ReasoningEffort.None) : this.options.Reasoning;
        List<ChatMessage> conversation = options.Instructions is { Length: > 0 } instructions ? [new ChatMessage(ChatRole.System, instructions), .. messages] : [.. messages];
        if (conversation.Count == 0)
            throw new ArgumentException("A conversation has at least one message.", nameof(messages));
        MarkedText prompt = template.Render(conversation, tools, reasons);
        List<int> tokens = model.Encode(prompt);
        if (tokens.Count >= Size.ContextTokens)
            throw new ContextOverflowException(description.Name, tokens.Count, Size.ContextTokens);

        ChatJob job = new(model, description.Name, tokens, Order(options, tools, Math.Min(options.MaxOutputTokens ?? DefaultMaxTokens, Size.ContextTokens - tokens.Count)));
        bool thinks = prompt.Value.TrimEnd().EndsWith(AnswerFormat.Thoughts[0].Open, StringComparison.Ordinal);
        AnswerReader reader = new(template.Format, tools.Select(tool => tool.Name).ToHashSet(StringComparer.Ordinal), thinks);
        string id = "gguf-" + RandomNumberGenerator.GetHexString(24, lowercase: true);
        try
        {
            scheduler.Submit(job);
        }
        catch
        {
            job.End(null);
            throw;
        }
        try
        {
            await using CancellationTokenRegistration cancelling = cancellationToken.Register(() => scheduler.Cancel(job));
            await foreach (AnswerPiece piece in job.Pieces.ReadAllAsync(cancellationToken))
            {
                List<AIContent> contents = [.. reader.Push(piece.Text)];
                if (contents.Count > 0 || piece.Probability is not null)
                    yield return Update(contents, piece.Probability);
            }
            cancellationToken.ThrowIfCancellationRequested();
            foreach (AIContent content in reader.Finish())
                yield return Update([content], null);
            UsageDetails usage = new()
            {
                InputTokenCount = job.PromptTokens, OutputTokenCount = job.AnswerTokens, TotalTokenCount = job.PromptTokens + job.AnswerTokens,
                CachedInputTokenCount = job.SharedTokens,
            };
            ChatResponseUpdate last = Update([new UsageContent(usage)], null);
            last.FinishReason = reader.HasCalls ? ChatFinishReason.ToolCalls : job.Reason;
            yield return last;
        }
        finally
        {
            scheduler.Cancel(job); // a reader that stops before the end needs no more; after the end it changes nothing
        }

        ChatResponseUpdate Update(IList<AIContent> contents, TokenProbability? probability)
        {
            ChatResponseUpdate update = new(ChatRole.Assistant, contents) { ResponseId = id, MessageId = id, ModelId = description.Model };
            if (probability is not null)
                update.LogProbabilities = [probability];
            return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EngineDescription) ? description
        : serviceType == typeof(EngineMemory) ? Size.Memory
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("parley", null, description.Model)
        : serviceType == typeof(LlamaScheduler) ? scheduler
        : serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
        scheduler.Dispose();
        model.Dispose();
    }

    private List<AIFunctionDeclaration> ToolsOf(ChatOptions options)
    {
        if (options.Tools is not { Count: > 0 } || options.ToolMode is NoneChatToolMode)
            return [];
        if (!template.Format.TakesTools)
            throw new UnsupportedOptionException(description.Name, "Tools", "its chat template has no place for functions.");
        return [.. options.Tools.Select(tool => tool as AIFunctionDeclaration
            ?? throw new UnsupportedOptionException(description.Name, "Tools", $"'{tool.Name}' is no function."))];
    }

    private ChatOrder Order(ChatOptions options, List<AIFunctionDeclaration> tools, int maxTokens)
    {
        string? grammar = options.ResponseFormat is ChatResponseFormatJson json
            ? json.Schema is { } schema ? JsonSchemaGrammar.Of(description.Name, schema) : JsonSchemaGrammar.AnyObject : null;
        if (options.ToolMode is RequiredChatToolMode required)
        {
            if (tools.Count == 0)
                throw new UnsupportedOptionException(description.Name, "ToolMode", "a call is required, and there are no functions.");
            if (grammar is not null)
                throw new UnsupportedOptionException(description.Name, "ResponseFormat", "an answer cannot be JSON and a required call at once.");
            AIFunctionDeclaration[] allowed = [.. tools.Where(tool => required.RequiredFunctionName is not { } name || tool.Name == name)];
            if (allowed.Length == 0)
                throw new UnsupportedOptionException(description.Name, "ToolMode", $"there is no function '{required.RequiredFunctionName}'.");
            grammar = template.Format.CallGrammar(description.Name, [.. allowed.Select(tool => (tool.Name, tool.JsonSchema))], options.AllowMultipleToolCalls != false);
        }
        return new ChatOrder
        {
            Sampling = Sampling(options),
            Stops = [.. (options.StopSequences ?? []).Select(stop => stop.Length > 0 ? stop
                : throw new UnsupportedOptionException(description.Name, "StopSequences", "an empty text ends no answer."))],
            MaxTokens = Checked(maxTokens, 1, int.MaxValue, "MaxOutputTokens"),
            Grammar = grammar,
            TopLogProbabilities = options.TopLogProbabilities is { } top ? Checked(top, 0, 20, "TopLogProbabilities") : null,
            Marks = AnswerFormat.Marks(tools.Count > 0).Select(mark => model.SpecialTokens.GetValueOrDefault(mark, -1)).Where(token => token >= 0).ToHashSet(),
        };
    }

    /// <summary>What the request says, then what the model's makers recommend in its file, then OpenAI's defaults.</summary>
    private SamplingOptions Sampling(ChatOptions options) => new()
    {
        Temperature = Checked(options.Temperature ?? Recommended("temp") ?? 1, 0, 2, "Temperature"),
        TopP = Checked(options.TopP ?? Recommended("top_p") ?? 1, 0, 1, "TopP"),
        TopK = Checked(options.TopK ?? (int?)Recommended("top_k") ?? 0, 0, int.MaxValue, "TopK"),
        MinP = Checked(options.MinP ?? Recommended("min_p") ?? 0, 0, 1, "MinP"),
        FrequencyPenalty = Checked(options.FrequencyPenalty ?? 0, -2, 2, "FrequencyPenalty"),
        PresencePenalty = Checked(options.PresencePenalty ?? 0, -2, 2, "PresencePenalty"),
        RepetitionPenalty = Checked(options.RepetitionPenalty ?? 1, 0.01f, 10, "RepetitionPenalty"),
        Bias = options.LogitBias is { } bias ? bias.ToDictionary(pair => Checked(pair.Key, 0, model.VocabularySize - 1, "LogitBias"), pair => Checked(pair.Value, -100, 100, "LogitBias")) : new Dictionary<int, float>(),
        Seed = options.Seed ?? BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))),
    };

    private float? Recommended(string name) => (float?)file.Gguf.Number("general.sampling." + name);

    private T Checked<T>(T value, T least, T most, string option)
        where T : IComparable<T>, IFormattable => value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0 ? value
        : throw new UnsupportedOptionException(description.Name, option, string.Create(CultureInfo.InvariantCulture, $"{value} is not within {least} and {most}."));
}
