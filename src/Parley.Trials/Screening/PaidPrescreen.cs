using System.Globalization;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;
using Parley.Text;
using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Trials.Screening;

/// <summary>
/// Asks a paid service what it understands of the candidates' clips, before people spend their time on them. Off unless the plan has it; it
/// shows its cost, wants it repeated, never goes beyond the budget, and pays for no clip twice: each cost is on the disk before its call.
/// </summary>
public sealed class PaidPrescreen
{
    private const decimal Grain = 0.0001m; // costs are rounded up to it

    private readonly TrialFolder folder;
    private readonly TrialPlan plan;
    private readonly TimeProvider time;
    private readonly JsonLines<PrescreenItem> log;

    private PaidPrescreen(TrialFolder folder, TrialPlan plan, TimeProvider time)
    {
        (this.folder, this.plan, this.time) = (folder, plan, time);
        Paid = plan.PaidPrescreen!;
        log = Open(folder);
    }

    private PaidPrescreenPlan Paid { get; }

    /// <exception cref="TrialException">The plan has no paid pre-screen, or nothing has been measured.</exception>
    public static PaidPrescreen Of(TrialFolder folder, TimeProvider time)
    {
        TrialPlan plan = PlanReader.Read(folder.Plan);
        if (plan.PaidPrescreen is null)
            throw new TrialException($"{folder.Plan} has no 'paid_prescreen' that is enabled: it is off unless the plan asks for it.");
        if (TrialStore.Find(folder, time)?.State is not { Phase: TrialPhase.Scoring } state)
            throw new TrialException($"A pre-screen hears what has been measured and not been decided: parley trial run {folder.Name}");
        return state.ConfigSha256 == plan.Sha256 ? new(folder, plan, time)
            : throw new TrialException($"{folder.Plan} was changed after the first measurement (its hash was {state.ConfigSha256![..12]}...). Restore it.");
    }

    /// <summary>What was paid for so far.</summary>
    internal static IReadOnlyList<PrescreenItem> Read(TrialFolder folder) => Open(folder).Read();

    /// <summary>What the clips that are left would cost.</summary>
    public PrescreenQuote Quote()
    {
        Clip[] clips = [.. Missing()];
        return new(clips.Length, TimeSpan.FromSeconds(clips.Sum(clip => clip.Length.TotalSeconds)), clips.Sum(clip => CostOf(clip.Length)), Spent(), Paid);
    }

    /// <summary>Makes the calls.</summary>
    /// <param name="confirmation">The words of the quote, as the operator repeated them.</param>
    /// <param name="progress">Told what is being done.</param>
    /// <param name="cancel">Ends it; what was paid for stays.</param>
    /// <exception cref="TrialException">The words are not those of the quote, the budget does not suffice, the key is not in a closed file.</exception>
    public async Task RunAsync(string confirmation, IProgress<string>? progress, CancellationToken cancel)
    {
        using TrialLock held = TrialLock.Take(folder.Lock);
        PrescreenQuote quote = Quote();
        if (confirmation.Trim() != quote.Confirmation)
            throw new TrialException($"Nothing was sent: '{quote.Confirmation}' was to be repeated.");
        if (quote.Spent + quote.Cost > Paid.Budget)
            throw new TrialException(string.Create(CultureInfo.InvariantCulture, $"Nothing was sent: {quote.Cost} {Paid.Currency} and {quote.Spent} already spent exceed the budget of {Paid.Budget}."));
        IReadOnlyDictionary<string, string> secrets = SecretFile.Read(Path.Combine(folder.Folder, Paid.EnvironmentFile));
        if (!secrets.ContainsKey(Paid.KeyVariable))
            throw new TrialException($"{Paid.EnvironmentFile} has no line {Paid.KeyVariable}=...");
        RemoteOptions options = new() { Task = EngineTask.Transcription, BaseUrl = Paid.BaseUrl, Model = Paid.Model, KeyVariable = Paid.KeyVariable, HasSegments = false };
        await using EngineCatalogue engines = new([RemoteEngine.Register("prescreen", options, secrets.GetValueOrDefault, time)]);
        ISpeechToTextClient ear = await engines.OpenAsync<ISpeechToTextClient>(RemoteEngine.Prefix + "prescreen", cancel);
        foreach (Clip clip in Missing())
        {
            progress?.Report($"{clip.Engine} {clip.Cell}");
            PrescreenItem item = new("paid", PrescreenItem.Sent, clip.Engine, clip.Cell.Utterance, clip.Cell.Condition, Paid.Model, CostOf(clip.Length), Paid.Currency, null, null, null, null, time.GetUtcNow());
            log.Append(item);
            log.Append(await HearAsync(ear, clip, item with { Cost = 0 }, [.. secrets.Values], cancel));
        }
    }

    private async Task<PrescreenItem> HearAsync(ISpeechToTextClient ear, Clip clip, PrescreenItem item, IReadOnlyList<string?> secrets, CancellationToken cancel)
    {
        try
        {
            await using FileStream sound = File.OpenRead(clip.File);
            SpeechToTextResponse heard = await ear.GetTextAsync(sound, new SpeechToTextOptions { SpeechLanguage = plan.Language }, cancel);
            ErrorRate? words = ObjectiveMeasures.WordsOf(plan, clip.Cell, heard.Text);
            return item with { Stage = PrescreenItem.Answered, Heard = heard.Text.Trim(), WordErrors = words?.Errors, ReferenceWords = words?.ReferenceLength, AtUtc = time.GetUtcNow() };
        }
        catch (Exception fault) when (fault is RemoteServerException or TimeoutException or IOException)
        {
            return item with { Stage = PrescreenItem.Failed, Problem = SecretGuard.Redacted(fault.Message, secrets), AtUtc = time.GetUtcNow() };
        }
    }

    /// <summary>Valid clips of the candidates that have not been sent.</summary>
    private IEnumerable<Clip> Missing()
    {
        HashSet<(string, string, string)> sent = [.. log.Read().Select(item => (item.Engine, item.Utterance, item.Condition))];
        TrialStore store = TrialStore.Find(folder, time)!;
        return store.Records.Where(call => call is { ErrorClass: null, Repetition: 1, File: not null } && call.Engine != EnginePlan.BaselineRole && !sent.Contains((call.Engine, call.Utterance, call.Condition)))
            .OrderBy(call => call.Order)
            .Select(call => new Clip(call.Engine, new(call.Utterance, call.Condition), Path.Combine(folder.Run, call.File!), TimeSpan.FromSeconds(call.AudioS ?? 0)));
    }

    private decimal Spent() => log.Read().Sum(item => item.Cost);

    private decimal CostOf(TimeSpan length) => Math.Ceiling(Paid.PricePerMinute * length.Ticks / TimeSpan.TicksPerMinute / Grain) * Grain;

    private static JsonLines<PrescreenItem> Open(TrialFolder folder) => new(folder.Prescreen, PrescreenJson.Default.PrescreenItem);

    private readonly record struct Clip(string Engine, Cell Cell, string File, TimeSpan Length);
}
