using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Parley.Trials;
using Parley.Trials.Listening;
using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Server;

/// <summary>
/// The blind listening of trials for a page: which trials there are, the next pair of a listener, its two clips, a judgement. Nothing here
/// tells which engine is which: the key is sealed, and this process does not open it.
/// </summary>
internal sealed class TrialEndpoints(ServerOptions options, TimeProvider time)
{
    private const int MaxJudgementBytes = 16 << 10;

    // Judgements are appended one after the other, whoever sends them.
    private readonly Lock gate = new();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApi("GET", "/v1/trials", RouteAccess.Trials, (TrialEndpoints trials) => trials.List())
            .WithName("listTrials").WithTags("Trials").WithSummary("The trials, how far each has come, and how much has been judged.");
        routes.MapApi("GET", "/v1/trials/{name}/listening", RouteAccess.Trials, (TrialEndpoints trials, string name, string? listener) => trials.Next(name, listener))
            .WithName("nextPair").WithTags("Trials").WithSummary("The next pair that a listener has not judged.");
        routes.MapApi("GET", "/v1/trials/{name}/listening/{pair}/{side}", RouteAccess.Trials, (TrialEndpoints trials, string name, string pair, string side) => trials.Clip(name, pair, side))
            .WithName("clipOfPair").WithTags("Trials").WithSummary("One clip of a pair: side a or b.");
        routes.MapApi("POST", "/v1/trials/{name}/listening", RouteAccess.Trials, (TrialEndpoints trials, string name, HttpContext context) => trials.JudgeAsync(name, context))
            .WithName("judgePair").WithMetadata(new RouteDescription(TrialFields.All, RouteDescription.Json, RouteDescription.Json)).WithTags("Trials").WithSummary("A listener's judgement of a pair.");
    }

    private JsonHttpResult<TrialList> List() => TypedResults.Json(new TrialList([.. TrialFolder.All(options.Trials.Folder ?? "").Select(Describe)]), TrialApiJson.Default.TrialList);

    private TrialEntry Describe(TrialFolder folder)
    {
        try
        {
            ListeningSession? session = ListeningSession.Find(folder, time);
            return new(folder.Name, TrialControl.StateOf(folder, time)?.Phase.ToString().ToLowerInvariant() ?? "new", session?.PairCount ?? 0, session?.Judged ?? 0, session?.Wanted ?? 0, session?.IsClosed ?? false, null);
        }
        catch (Exception fault) when (fault is TrialException or PlanException)
        {
            return new(folder.Name, "unreadable", 0, 0, 0, false, "Its files cannot be read; 'parley trial verdict' says why.");
        }
    }

    private JsonHttpResult<NextPair> Next(string name, string? listener)
    {
        ListeningSession session = Open(name);
        if (session.IsClosed)
            return TypedResults.Json(new NextPair(null, 0, session.PairCount, session.PairCount, true), TrialApiJson.Default.NextPair);
        string who = string.IsNullOrWhiteSpace(listener) ? throw ApiException.Invalid("listener", "Say who listens: ?listener=NAME.", "missing_field") : listener;
        BlindPair? pair = session.NextFor(who);
        IReadOnlyList<BlindPair> order = session.PairsFor(who);
        int place = pair is null ? order.Count : order.ToList().FindIndex(known => known.Pair == pair.Pair);
        return TypedResults.Json(new NextPair(
            pair is null ? null : new(pair.Pair, $"/v1/trials/{name}/listening/{pair.Pair}/a", $"/v1/trials/{name}/listening/{pair.Pair}/b", pair.Seconds),
            place + 1, order.Count, place, false), TrialApiJson.Default.NextPair);
    }

    private PhysicalFileHttpResult Clip(string name, string pair, string side) =>
        TypedResults.PhysicalFile(Open(name).PathOf(pair, side) ?? throw ApiException.UnknownTrial("There is no such clip."), "audio/wav", enableRangeProcessing: true);

    private async Task<JsonHttpResult<NextPair>> JudgeAsync(string name, HttpContext context)
    {
        RequestBody body = await RequestBody.ReadJsonAsync(context, MaxJudgementBytes);
        ScoreLine judgement = TrialFields.Read(body);
        try
        {
            lock (gate)
                Open(name).Judge(judgement);
        }
        catch (ArgumentException fault)
        {
            throw ApiException.Invalid("judgement", fault.Message.ReplaceLineEndings("\n").Split('\n')[0].Replace(" (Parameter 'judgement')", "", StringComparison.Ordinal));
        }
        catch (TrialException fault)
        {
            throw ApiException.Invalid("pair", fault.Message, "listening_closed");
        }
        return Next(name, judgement.ListenerId);
    }

    private ListeningSession Open(string name)
    {
        TrialFolder? folder = TrialFolder.All(options.Trials.Folder ?? "").FirstOrDefault(trial => trial.Name == name);
        if (folder is null)
            throw ApiException.UnknownTrial($"There is no trial '{HeaderText.Escape(name)}'. /v1/trials lists them.");
        try
        {
            lock (gate)
                return ListeningSession.Open(folder, time);
        }
        catch (Exception fault) when (fault is TrialException or PlanException)
        {
            throw ApiException.Invalid("name", fault.Message, "not_ready");
        }
    }
}

/// <summary>The trials of this server.</summary>
internal sealed record TrialList(IReadOnlyList<TrialEntry> Data);

/// <summary>A trial, without anything that could tell an engine.</summary>
internal sealed record TrialEntry(string Name, string Phase, int Pairs, int Judged, int Wanted, bool Closed, string? Problem);

/// <summary>The pair to judge next; none is left where it is null.</summary>
internal sealed record NextPair(PairLinks? Pair, int Number, int Of, int Judged, bool Closed);

/// <summary>Where a pair's clips are.</summary>
internal sealed record PairLinks(string Id, string A, string B, double Seconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TrialList))]
[JsonSerializable(typeof(NextPair))]
internal sealed partial class TrialApiJson : JsonSerializerContext;
