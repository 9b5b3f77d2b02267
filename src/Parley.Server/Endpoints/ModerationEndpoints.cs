using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Engines;

namespace Parley.Server;

/// <summary>OpenAI's moderation family: <c>/v1/moderations</c>, over the guards of this server.</summary>
internal sealed class ModerationEndpoints(
    EngineWork work, EngineDirectory directory, ServerOptions options, GuardOptions policy, ServerMeasures measures, TimeProvider time, ILogger<ModerationEndpoints> log)
{
    private readonly GuardArbiter arbiter = new(policy, time, log);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapApiWithAndWithoutVersion("POST", "/moderations", RouteAccess.Chat, (HttpContext context, ModerationEndpoints moderations) => moderations.JudgeAsync(context))
            .WithName("createModeration").WithTags("Moderations").WithSummary("Texts in, a verdict on each out.")
            .WithMetadata(new RouteDescription(ModerationFields.All, RouteDescription.Json, "application/json"));

    private async Task JudgeAsync(HttpContext context)
    {
        RequestBody body = await RequestBody.ReadJsonAsync(context, options.Limits.ChatBytes);
        ModerationRequest request = ModerationRequest.Parse(body, directory);
        await work.RunAsync<IGuard>(context, request.Engine, WorkPriority.Buffered, async (guard, _, clock) =>
        {
            List<ModerationResult> results = [];
            foreach (GuardRequest judged in request.Judged)
            {
                long start = time.GetTimestamp();
                // Nobody waits for words here: a long text may take as long as the request may.
                GuardVerdict verdict = await arbiter.JudgeAsync(_ => Task.FromResult(guard), judged, Timeout.InfiniteTimeSpan, clock.Token);
                measures.Judged(request.Engine, time.GetElapsedTime(start), verdict);
                results.Add(ModerationResult.Of(verdict, arbiter.CountsAsUnsafe(verdict), judged, request.Engine));
            }
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers["x-model"] = HeaderText.Escape(request.Engine.Name);
            if (body.Ignored.Count > 0)
                context.Response.Headers["x-ignored-fields"] = string.Join(", ", body.Ignored.Select(HeaderText.Escape));
            string id = "modr-" + RandomNumberGenerator.GetHexString(24, lowercase: true);
            await context.Response.WriteAsJsonAsync(new ModerationAnswer(id, request.Model, results), ApiJson.Compact.ModerationAnswer, cancellationToken: clock.Token);
        });
    }
}

/// <summary>The fields of a moderation request.</summary>
internal static class ModerationFields
{
    public static readonly TextField Model = new("model", "Guard or alias; the default guard where absent.", 256);
    public static readonly JsonField Input = new("input", "A text, a list of texts (a verdict each), or a list of parts (one verdict).", "a text, a list of texts or a list of parts");
    public static readonly JsonField Messages = new("messages", "A conversation instead of input; its last message is judged.", "a list of messages");
    public static readonly TextField Role = new("role", "Whose words they are: user (default) or assistant.", 16);
    public static readonly JsonField Categories = new("categories", "A policy of your own: ids with what they forbid.", "an object of ids with texts");
    public static readonly JsonField Excluded = new("excluded_categories", "Ids that are not judged.", "a list of ids");
    public static readonly NumberField Threshold = new("threshold", "Probability from which a text is flagged; default 0.5.", 0, 1);

    public static readonly IReadOnlyList<RequestField> All = [Model, Input, Messages, Role, Categories, Excluded, Threshold];
}

/// <summary>A moderation request that has been understood.</summary>
internal sealed record ModerationRequest(EngineDescription Engine, string Model, IReadOnlyList<GuardRequest> Judged)
{
    private const int MaxTexts = 100, MaxCategories = 100;

    /// <exception cref="ApiException">The first thing that is wrong.</exception>
    public static ModerationRequest Parse(RequestBody body, EngineDirectory directory)
    {
        string? model = body.Get(ModerationFields.Model!, null);
        EngineDescription engine = directory.Find(EngineTask.Guard, model);
        GuardRole role = body.Get(ModerationFields.Role!, null) switch
        {
            null or "user" => GuardRole.User,
            "assistant" => GuardRole.Agent,
            { } other => throw ApiException.Invalid("role", $"'role' must be 'user' or 'assistant'; found '{RequestField.Shorten(other)}'."),
        };
        double threshold = body.Get(ModerationFields.Threshold, 0.5);
        IReadOnlyList<GuardCategory>? categories = body.TryGet(ModerationFields.Categories, out JsonElement policy) ? Categories(policy, engine) : null;
        IReadOnlyList<string> excluded = body.TryGet(ModerationFields.Excluded, out JsonElement list) ? Ids(list) : [];
        List<GuardRequest> judged = [];
        foreach ((IReadOnlyList<ChatMessage> messages, GuardRole speaker) in Texts(body, role))
            judged.Add(new GuardRequest { Messages = messages, Role = speaker, Categories = categories, Excluded = excluded, Threshold = threshold });
        return new ModerationRequest(engine, string.IsNullOrWhiteSpace(model) ? engine.Name : model, judged);
    }

    private static IEnumerable<(IReadOnlyList<ChatMessage>, GuardRole)> Texts(RequestBody body, GuardRole role)
    {
        bool hasMessages = body.TryGet(ModerationFields.Messages, out JsonElement messages), hasInput = body.TryGet(ModerationFields.Input, out JsonElement input);
        if (hasMessages == hasInput)
            throw ApiException.Invalid("input", hasInput ? "'input' and 'messages' exclude each other." : "'input' is missing: the text to judge.", hasInput ? "unsupported_combination" : "missing_field");
        if (hasMessages)
        {
            List<ChatMessage> conversation = ChatMessages.Read(messages);
            return [(conversation, conversation[^1].Role == ChatRole.Assistant ? GuardRole.Agent : GuardRole.User)];
        }
        ChatRole speaker = role == GuardRole.User ? ChatRole.User : ChatRole.Assistant;
        if (input.ValueKind == JsonValueKind.String)
            return [([new ChatMessage(speaker, RequestBody.TextOf(input))], role)];
        if (input.ValueKind != JsonValueKind.Array || input.GetArrayLength() is 0 or > MaxTexts)
            throw ModerationFields.Input.Refuse(input);
        if (input.EnumerateArray().All(text => text.ValueKind == JsonValueKind.String))
            return [.. input.EnumerateArray().Select(text => ((IReadOnlyList<ChatMessage>)[new ChatMessage(speaker, RequestBody.TextOf(text))], role))];
        return [([new ChatMessage(speaker, string.Join('\n', input.EnumerateArray().Select(Part)))], role)];
    }

    private static string Part(JsonElement part)
    {
        string? type = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out JsonElement name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        if (type == "image_url")
            throw ApiException.Invalid("input", "The guards here judge text; they see no images.", "capability_missing");
        return type == "text" && part.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? RequestBody.TextOf(text) : throw ApiException.Invalid("input", "A part of 'input' must be of type 'text' with its 'text'.");
    }

    private static List<GuardCategory> Categories(JsonElement policy, EngineDescription engine)
    {
        if (!engine.Honours.Contains("Categories"))
            throw ApiException.Invalid("categories", $"'{engine.Name}' cannot be told a policy.", "capability_missing");
        if (policy.ValueKind != JsonValueKind.Object || policy.GetPropertyCount() is 0 or > MaxCategories || policy.EnumerateObject().Any(entry => entry.Value.ValueKind != JsonValueKind.String))
            throw ModerationFields.Categories.Refuse(policy);
        return [.. policy.EnumerateObject().Select(entry => new GuardCategory(entry.Name, RequestBody.TextOf(entry.Value)))];
    }

    private static List<string> Ids(JsonElement list) => list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(id => id.ValueKind == JsonValueKind.String)
        ? [.. list.EnumerateArray().Select(RequestBody.TextOf)] : throw ModerationFields.Excluded.Refuse(list);
}

internal sealed record ModerationAnswer(string Id, string Model, IReadOnlyList<ModerationResult> Results);

/// <summary>One verdict in OpenAI's thirteen categories, and as the guard gave it.</summary>
internal sealed record ModerationResult(
    bool Flagged, IReadOnlyDictionary<string, bool> Categories, IReadOnlyDictionary<string, double> CategoryScores,
    IReadOnlyDictionary<string, IReadOnlyList<string>> CategoryAppliedInputTypes, ModerationGuard Guard)
{
    private static readonly string[] Names =
    [
        "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm", "self-harm/intent",
        "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
    ];

    // What Llama Guard 3's categories are among OpenAI's; the others of its categories have no place there.
    private static readonly Dictionary<string, string[]> Mapped = new()
    {
        ["S1"] = ["violence", "illicit/violent"], ["S2"] = ["illicit"], ["S3"] = ["sexual", "illicit"], ["S4"] = ["sexual/minors", "sexual"],
        ["S9"] = ["illicit/violent", "illicit"], ["S10"] = ["hate"], ["S11"] = ["self-harm"], ["S12"] = ["sexual"],
    };

    public static ModerationResult Of(GuardVerdict verdict, bool flagged, GuardRequest request, EngineDescription engine)
    {
        // A policy of the caller's own may use the same ids for something else.
        HashSet<string> set = request.Categories is null ? [.. verdict.Categories.SelectMany(category => Mapped.GetValueOrDefault(category.Id, []))] : [];
        return new ModerationResult(
            flagged,
            Names.ToDictionary(name => name, set.Contains),
            Names.ToDictionary(name => name, name => set.Contains(name) ? verdict.Probability ?? 0 : 0),
            Names.ToDictionary(name => name, name => set.Contains(name) ? (IReadOnlyList<string>)["text"] : []),
            new ModerationGuard(engine.Name, verdict.Outcome.ToString().ToLowerInvariant(), [.. verdict.Categories.Select(category => category.Id)],
                [.. verdict.Categories.Select(category => category.Name)], verdict.Probability, request.Role == GuardRole.User ? "user" : "assistant"));
    }
}

/// <param name="Model">The guard.</param>
/// <param name="Verdict">safe, unsafe or error; whether an error is flagged is the policy's.</param>
/// <param name="Categories">Ids in the guard's own list.</param>
/// <param name="Names">Their names.</param>
/// <param name="PUnsafe">Probability that the text is unsafe.</param>
/// <param name="Role">Whose words were judged.</param>
internal sealed record ModerationGuard(string Model, string Verdict, IReadOnlyList<string> Categories, IReadOnlyList<string> Names, double? PUnsafe, string Role);
