using System.Globalization;
using System.Text;
using Parley.Trials.Guarding;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;
using Parley.Trials.Rules;
using Parley.Trials.Screening;

namespace Parley.Trials.Verdicts;

/// <summary>The results for a reader: one page without scripts and without anything from elsewhere.</summary>
public static class HtmlReport
{
    private const int Wide = 760, Half = 480, CandidateColours = 5;

    public static string Write(TrialResults results)
    {
        StringBuilder page = new();
        page.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">")
            .Append(CultureInfo.InvariantCulture, $"<title>{T(results.Trial)}: {T(Words(results.Verdict))}</title><style>{Style}</style></head><body><main>");
        Head(page, results);
        Rule(page, results);
        Numbers(page, results);
        Distributions(page, results);
        Pairs(page, results);
        Neighbour(page, results);
        Candidates(page, results);
        Scores(page, results);
        Objective(page, results);
        Prescreen(page, results);
        Limits(page, results);
        Calls(page, results);
        Machine(page, results);
        return page.Append("</main></body></html>\n").ToString();
    }

    private static void Head(StringBuilder page, TrialResults results)
    {
        EngineResult? baseline = Find(results, "baseline");
        string candidates = string.Join(", ", results.Engines.Where(engine => engine.Role != "baseline")
            .Select(engine => $"<b class=\"{Css(results, engine.Role)}\">{T(engine.Name)}</b> ({T(engine.Role)})"));
        page.Append(CultureInfo.InvariantCulture, $"<header class=\"{results.Verdict}\"><p class=\"kicker\">Trial {T(results.Trial)}</p><h1>{T(Words(results.Verdict))}</h1>")
            .Append(CultureInfo.InvariantCulture, $"<p>{candidates} against <b class=\"baseline\">{T(baseline?.Name ?? "")}</b> (baseline), ")
            .Append(CultureInfo.InvariantCulture, $"{results.StartedUtc:yyyy-MM-dd HH:mm} UTC, {results.Records.Count} timed calls.</p><ul>");
        foreach (string reason in results.VerdictReasons)
            page.Append("<li>").Append(T(reason)).Append("</li>");
        page.Append("</ul></header>");
    }

    private static void Rule(StringBuilder page, TrialResults results)
    {
        page.Append("<section><h2>The rule, written beforehand</h2><pre>").Append(T(results.RuleText.Trim())).Append("</pre>");
        Table(page, ["comparison", "left", "right", ""], results.Rule!.Findings.Select(finding => new[]
        {
            finding.Comparison, Number(finding.Left), Number(finding.Right), finding.IsMet switch { true => "met", false => "not met", null => "unknown" },
        }), numbersFrom: 1);
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"hash\">rule {results.Rule.Sha256} · plan {results.ConfigSha256}</p></section>");
    }

    private static void Numbers(StringBuilder page, TrialResults results)
    {
        page.Append("<section><h2>Times</h2>");
        List<string[]> rows = [];
        foreach ((string role, EngineSummary summary) in results.Summary.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            Row("first audio byte, ms", summary.Ttfa);
            Row("first audible sound, ms", summary.PerceivedTtfa);
            Row("last byte, ms", summary.Total);
            Row("real-time factor", summary.Rtf);

            void Row(string name, Quantities? found) => rows.Add(found is null
                ? [role, name, "does not stream", "", "", "", ""]
                : [role, name, Time(found.P50), found.P50CiLow is { } low ? $"{Time(low)} to {Time(found.P50CiHigh!.Value)}" : "", Time(found.P90), Time(found.P95), Time(found.Max)]);
            string Time(double value) => double.IsInfinity(value) ? string.Create(CultureInfo.InvariantCulture, $"≥ {results.ReadLimitMs:0}") : Number(value);
        }
        Table(page, ["engine", "", "p50", "95 % interval", "p90", "p95", "max"], rows, numbersFrom: 2);
        Table(page, ["engine", "calls", "timed out", "failed", "smooth playback", "streams", "cold start, ms", "peak memory"], results.Engines.Select(engine =>
        {
            EngineSummary summary = results.Summary[engine.Role];
            return new[]
            {
                $"{engine.Role}: {engine.Name}", Number(summary.N), Number(summary.NTimeout), Number(summary.NError),
                summary.ContinuityRate is { } rate ? rate.ToString("0 %", CultureInfo.InvariantCulture) : "–",
                engine.StreamingCapable switch { true => "yes", false => "no", null => "not tried" }, Number(engine.ColdStartMs),
                engine.PeakBytes is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0} MiB") : "not known",
            };
        }), numbersFrom: 1);
        page.Append("<p class=\"remark\">Quantiles are linear (type 7). A call that timed out or failed counts as one that never ended. Real-time factor: time over length of the sound; below 1 is faster than real time.</p></section>");
    }

    private static void Distributions(StringBuilder page, TrialResults results)
    {
        page.Append("<section><h2>How the times are spread</h2><div class=\"plots\">");
        Plot("First audio byte", "ms", call => call.TtfaMs, Limit(results, "candidate.ttfa.p50"));
        Plot("Last byte", "ms", call => call.TotalMs, Limit(results, "candidate.total.p50"));
        page.Append("</div>").Append(Legend(results)).Append("</section>");

        void Plot(string title, string unit, Func<CallRecord, double?> value, double? limit)
        {
            Dictionary<string, double[]> samples = results.Engines.ToDictionary(engine => engine.Role, engine =>
                (double[])[.. results.Records.Where(call => call.Engine == engine.Role && call.ErrorClass is null).Select(value).OfType<double>().Order()], StringComparer.Ordinal);
            if (samples.Values.All(sample => sample.Length == 0))
                return;
            SvgPlot plot = new(Half, 260, SvgPlot.FromZero(samples.Values.SelectMany(sample => sample).Append(limit ?? 0)), (0, 1));
            foreach ((string role, double[] sample) in samples)
            {
                int calls = results.Records.Count(call => call.Engine == role);
                plot.Steps([.. sample.Select((ms, i) => (ms, (i + 1.0) / calls))], $"line {Css(results, role)}");
                foreach ((int i, double ms) in sample.Index())
                    plot.Dot(ms, (i + 1.0) / calls, Css(results, role), string.Create(CultureInfo.InvariantCulture, $"{role}: {ms:0.#} {unit}"), 2.5);
            }
            if (limit is { } line)
                plot.Upright(line, "limit", "limit of the rule's median");
            plot.Level(0.5, "median", "");
            page.Append("<figure><figcaption>").Append(title).Append(": share of calls by then</figcaption>").Append(plot.Draw(title, unit, "share of calls")).Append("</figure>");
        }
    }

    private static void Pairs(StringBuilder page, TrialResults results)
    {
        bool hasFirst = results.Engines.All(engine => engine.StreamingCapable == true);
        string[] cells = [.. results.Records.Select(call => $"{call.Condition} {call.Utterance}").Distinct().Order(StringComparer.Ordinal)];
        if (cells.Length == 0)
            return;
        (string Cell, string Role, double Ms)[] medians = [.. results.Records.Where(call => call.ErrorClass is null)
            .GroupBy(call => (Cell: $"{call.Condition} {call.Utterance}", call.Engine))
            .Select(group => (group.Key.Cell, group.Key.Engine, Median([.. group.Select(call => hasFirst ? call.TtfaMs ?? double.NaN : call.TotalMs)])))];
        SvgPlot plot = new(Wide, 70 + 20 * cells.Length, SvgPlot.FromZero(medians.Select(row => row.Ms)), (-0.5, cells.Length - 0.5));
        foreach ((int i, string cell) in cells.Index())
        {
            double row = cells.Length - 1 - i; // the first on top
            double[] both = [.. medians.Where(median => median.Cell == cell).Select(median => median.Ms)];
            if (both.Length > 1)
                plot.Line(both.Min(), row, both.Max(), row, "join");
            foreach ((_, string role, double ms) in medians.Where(median => median.Cell == cell))
                plot.Dot(ms, row, Css(results, role), string.Create(CultureInfo.InvariantCulture, $"{cell}, {role}: {ms:0.#} ms"), 4.5);
        }
        page.Append("<section><h2>Text by text</h2><figure><figcaption>").Append(hasFirst ? "Time to the first audio byte" : "Time to the last byte").Append("</figcaption>")
            .Append(plot.Draw("The engines for every text", "ms", "", [.. cells.Reverse()])).Append("</figure>").Append(Legend(results)).Append("</section>");
    }

    private static void Neighbour(StringBuilder page, TrialResults results)
    {
        if (results.NeighbourProbes is not { Samples.Count: > 0 } probes || results.Neighbour is not { } found)
            return;
        DateTimeOffset start = probes.Samples.Min(sample => sample.At);
        double[] seconds = [.. probes.Samples.Select(sample => (sample.At - start).TotalSeconds)];
        double high = Math.Max(probes.Samples.Select(sample => sample.LatencyMs).Where(double.IsFinite).DefaultIfEmpty(1).Max(), probes.AbortLine * found.Baseline.MedianMs);
        SvgPlot plot = new(Wide, 280, (0, Math.Max(1, seconds.Max())), (0, 1.08 * high));
        foreach ((int i, NeighbourSample sample) in probes.Samples.Index())
        {
            plot.Dot(seconds[i], sample.LatencyMs, double.IsInfinity(sample.LatencyMs) ? "bad" : $"stage-{sample.Stage}",
                string.Create(CultureInfo.InvariantCulture, $"{sample.Stage}: {(sample.Problem is null ? $"{sample.LatencyMs:0.#} ms" : sample.Problem)}"));
        }
        plot.Level(found.Baseline.MedianMs, "median", "p50 before");
        plot.Level(probes.PostLine * found.Baseline.MedianMs, "median", FormattableString.Invariant($"{probes.PostLine} x: recovered"));
        plot.Level(probes.AbortLine * found.Baseline.MedianMs, "limit", FormattableString.Invariant($"{probes.AbortLine} x: the trial ends"));
        page.Append(CultureInfo.InvariantCulture, $"<section><h2>The neighbour</h2><p>{T(probes.Model)}: p50 {found.Baseline.MedianMs:0.#} ms before the trial")
            .Append(CultureInfo.InvariantCulture, $"{(found.Live?.MaxWindowRatio is { } most ? FormattableString.Invariant($", at most {most:0.00} times that during it") : "")}")
            .Append(CultureInfo.InvariantCulture, $"{(found.Post is { } post ? FormattableString.Invariant($", {post.Ratio:0.00} times that afterwards") : "")}.</p>")
            .Append("<figure><figcaption>Latency of each probe, from when it was due</figcaption>").Append(plot.Draw("Latency of the neighbour over time", "s since the first probe", "ms"))
            .Append("</figure><p class=\"legend\"><span class=\"key stage-baseline\"></span>before <span class=\"key stage-live\"></span>during <span class=\"key stage-post\"></span>after <span class=\"key bad\"></span>no answer</p></section>");
    }

    /// <summary>Several candidates, each with its verdict; nothing for one.</summary>
    private static void Candidates(StringBuilder page, TrialResults results)
    {
        if (results.Candidates.Count < 2)
            return;
        page.Append("<section><h2>The candidates</h2>");
        Table(page, ["candidate", "verdict", "difference of scores", "95 % interval", "Wilcoxon p", "p, Holm", "first audio p50, ms", "last byte p50, ms"], results.Candidates.Select(outcome => new[]
        {
            outcome.Role + (outcome.Role == results.Winner ? " (the winner)" : ""), Words(outcome.Verdict), Number(outcome.Scores?.DiffMean),
            outcome.Scores?.DiffCiLow is { } low ? $"{Number(low)} to {Number(outcome.Scores.DiffCiHigh)}" : "–", Number(outcome.Scores?.WilcoxonP), Number(outcome.Scores?.WilcoxonPHolm),
            Number(results.Summary[outcome.Role].Ttfa?.P50), Number(results.Summary[outcome.Role].Total?.P50),
        }), numbersFrom: 2);
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"remark\">Each was decided against the baseline by the same rule; of those that meet it the one with the highest scores wins. The best of {results.Candidates.Count} looks better than it is: Holm's p is corrected for their number. The rule, the scores and the limits on this page are those of {T(results.Winner ?? results.Candidates[0].Role)}.</p></section>");
    }

    private static void Scores(StringBuilder page, TrialResults results)
    {
        if (results.Scores is not { DiffMean: { } mean } scores)
            return;
        string candidate = results.Winner ?? results.Candidates[0].Role;
        (string Pair, string Cell, double Difference)[] pairs = [.. results.Answers.Where(answer => answer.Check.Length == 0 && answer.Engine == candidate && scores.Excluded.All(listener => listener.Listener != answer.Listener))
            .GroupBy(answer => (answer.Pair, Cell: $"{answer.Condition} {answer.Utterance}")).Select(group => (group.Key.Pair, group.Key.Cell, group.Average(answer => (double)answer.Difference))).OrderBy(pair => pair.Item3)];
        SvgPlot plot = new(Wide, 240, (-1, pairs.Length), (-4.2, 4.2));
        if (scores is { DiffCiLow: { } low, DiffCiHigh: { } high })
        {
            plot.Level(low, "limit", "");
            plot.Level(high, "limit", "95 % interval of the mean");
        }
        plot.Level(0, "median", "");
        foreach ((int i, (_, string cell, double difference)) in pairs.Index())
            plot.Dot(i, difference, difference > 0 ? "candidate" : difference < 0 ? "baseline" : "even", string.Create(CultureInfo.InvariantCulture, $"{cell}: {difference:+0.##;-0.##;0}"));
        page.Append("<section><h2>Blind listening</h2>");
        Table(page, ["pairs", "listeners", "mean baseline", "mean candidate", "difference", "95 % interval (t)", "95 % interval (bootstrap)", "Wilcoxon p", "preferred", "sign test p"],
            [[
                Number(scores.Pairs), Number(scores.Listeners), Number(scores.MeanBaseline), Number(scores.MeanCandidate), Number(mean), $"{Number(scores.DiffCiLow)} to {Number(scores.DiffCiHigh)}",
                $"{Number(scores.BootstrapLow)} to {Number(scores.BootstrapHigh)}", Number(scores.WilcoxonP), $"{scores.Wins} : {scores.Losses} ({scores.Undecided} even)", Number(scores.SignP),
            ]], numbersFrom: 0);
        page.Append("<figure><figcaption>Candidate less baseline, pair by pair</figcaption>").Append(plot.Draw("Differences of the scores", "pairs, sorted", "points")).Append("</figure></section>");
    }

    private static void Objective(StringBuilder page, TrialResults results)
    {
        if (results.Objective is not { } found)
            return;
        page.Append("<section><h2>Objective measures</h2>");
        Table(page, ["engine", $"WER ({found.Normalizer})", "WER, mean of texts", "CER", "speaker similarity", "median F0, Hz", "loudness, LUFS"], found.WerMicro.Keys.Select(role => new[]
        {
            role, Number(found.WerMicro[role]), Number(found.WerMacro[role]), Number(found.CerMicro[role]), Number(found.Similarity[role]), Number(found.MedianF0Hz[role]), Number(found.LufsI[role]),
        }), numbersFrom: 1);
        if (results.ObjectiveItems.Any(item => item.Reference is not null))
        {
            Table(page, ["against the recordings", "timbre (mcd_mel24), dB", "melody, RMSE in cents", "voicing differs", "SI-SDR, dB", "STOI", "extended STOI"], found.McdDb.Keys.Select(role => new[]
            {
                role, Number(found.McdDb[role]), Number(found.F0RmseCents[role]), Number(found.VoicingError[role]), Number(found.SiSdrDb[role]), Number(found.Stoi[role]), Number(found.Estoi[role]),
            }), numbersFrom: 1);
        }
        page.Append("<p class=\"remark\">For information, unless the rule names one. The error rate is of voice and ear together: compare the two engines, not with other tables.</p></section>");
    }

    private static void Prescreen(StringBuilder page, TrialResults results)
    {
        if (results.PaidPrescreen.Count == 0)
            return;
        page.Append("<section><h2>Paid pre-screen</h2>");
        Table(page, ["candidate", "model", "clips sent", "word error rate", "cost"], results.PaidPrescreen.GroupBy(item => (item.Engine, item.Model, item.Currency)).Select(clips => new[]
        {
            clips.Key.Engine, clips.Key.Model, Number(clips.Count(item => item.Stage == PrescreenItem.Sent)),
            Number(clips.Sum(item => item.ReferenceWords ?? 0) is > 0 and int words ? (double)clips.Sum(item => item.WordErrors ?? 0) / words : null),
            string.Create(CultureInfo.InvariantCulture, $"{clips.Sum(item => item.Cost)} {clips.Key.Currency}"),
        }), numbersFrom: 2);
        page.Append("<p class=\"remark\">Heard by a service that takes money; for information, it decided nothing.</p></section>");
    }

    private static void Limits(StringBuilder page, TrialResults results)
    {
        page.Append("<section><h2>What this trial can show</h2><p>").Append(T(results.Power!.Scope)).Append("</p>");
        foreach (string sentence in results.Power.Latency)
            page.Append("<p>").Append(T(sentence)).Append("</p>");
        foreach (ScorePower power in results.Power.Score)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p>A rule of +{power.Limit:0.##} points over {power.Pairs} pairs, standard deviation {power.Sd:0.##}{(power.IsSdAssumed ? " (assumed)" : "")}: ")
                .Append(CultureInfo.InvariantCulture, $"an engine passes four times out of five when it is truly {power.GainFor80:0.00} better; the 95 % interval is ±{power.CiHalfWidth:0.00} wide.</p>");
            Table(page, ["true gain", .. power.Gains.Select(gain => Number(gain))], [["chance to pass", .. power.Chances.Select(chance => chance.ToString("0.0 %", CultureInfo.InvariantCulture))]], numbersFrom: 1);
        }
        if (results.Drift == true)
            page.Append("<p><b>The machine drifted:</b> the baseline's brackets around the candidate differ by more than a tenth. The comparison of times is unreliable; absolute limits still count.</p>");
        page.Append("</section>");
    }

    private static void Calls(StringBuilder page, TrialResults results)
    {
        page.Append(CultureInfo.InvariantCulture, $"<section><h2>Every timed call</h2><details><summary>{results.Records.Count} calls</summary>");
        Table(page, ["#", "engine", "text", "first byte", "first audio", "audible", "total", "sound, s", "RTF", "pieces", "longest stall", "error"], results.Records.OrderBy(call => call.Order).Select(call => new[]
        {
            Number(call.Order + 1), call.Engine + (call.Resumed ? " (resumed)" : ""), $"{call.Condition} {call.Utterance} {call.Repetition}", Number(call.FirstByteMs), Number(call.TtfaMs), Number(call.PerceivedTtfaMs),
            Number(call.TotalMs), Number(call.AudioS), Number(call.RtfTotal), Number(call.Chunks), Number(call.MaxStallMs), call.ErrorClass ?? (call.WavPlausible ? "" : "implausible length"),
        }), numbersFrom: 3);
        page.Append("</details></section>");
    }

    private static void Machine(StringBuilder page, TrialResults results)
    {
        HostFacts host = results.Host;
        page.Append("<section><h2>Where it was measured</h2>");
        Table(page, ["", ""],
        [
            ["processor", $"{host.CpuModel}, {host.CpuLogical} logical{(host.CpuQuota is { } quota ? FormattableString.Invariant($", quota {quota:0.##}") : "")}; {string.Join(" ", host.CpuFlags)}"],
            ["memory", host.MemTotalBytes is { } memory ? FormattableString.Invariant($"{memory / 1073741824.0:0.0} GiB") : "not known"],
            ["GPU", host.Gpus.Count == 0 ? "none" : string.Join(", ", host.Gpus.Select(gpu => gpu.Name))],
            ["unified memory", $"{(host.UnifiedMemory ? "yes" : "no")}: {host.UnifiedMemoryBasis}"],
            ["system", $"{host.Os}, kernel {host.Kernel}{(host.Container ? ", in a container" : "")}"],
            ["runtime", host.Dotnet],
            ["load before", Number(host.Load1Before)],
            .. results.Engines.Select(engine => new[] { engine.Role, $"{engine.Name}: {engine.Versions.Engine}{(engine.Versions.Model.Length > 0 ? ", " + engine.Versions.Model : "")}" }),
            ["run", $"{results.RunId}, Parley {results.ToolVersion}, seed {results.Seed}, {results.Order}"],
        ], numbersFrom: 9);
        page.Append("<p class=\"remark\"><code>parley trial verdict --check results.json</code> computes all of this again from the measurements.</p></section>");
    }

    private static void Table(StringBuilder page, IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows, int numbersFrom)
    {
        page.Append("<div class=\"table\"><table>");
        if (head.Any(cell => cell.Length > 0))
        {
            page.Append("<thead><tr>");
            foreach ((int i, string cell) in head.Index())
                page.Append(i >= numbersFrom ? "<th class=\"n\">" : "<th>").Append(T(cell)).Append("</th>");
            page.Append("</tr></thead>");
        }
        page.Append("<tbody>");
        foreach (IReadOnlyList<string> row in rows)
        {
            page.Append("<tr>");
            foreach ((int i, string cell) in row.Index())
                page.Append(i >= numbersFrom ? "<td class=\"n\">" : "<td>").Append(T(cell)).Append("</td>");
            page.Append("</tr>");
        }
        page.Append("</tbody></table></div>");
    }

    private static double? Limit(TrialResults results, string metric) => DecisionRule.Parse(results.RuleText) is { } rule
        ? rule.Explain(known => known.Name == metric ? 0 : null).Where(finding => finding.Comparison.StartsWith(metric + " ", StringComparison.Ordinal)).Select(finding => finding.Right).FirstOrDefault() : null;

    private static EngineResult? Find(TrialResults results, string role) => results.Engines.FirstOrDefault(engine => engine.Role == role);

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return Statistics.Quantiles.Linear(values, 0.5);
    }

    private static string Words(string verdict) => verdict switch
    {
        VerdictComputation.Swap => "Swap in the candidate",
        VerdictComputation.Keep => "Keep the baseline",
        VerdictComputation.Unverified => "Unverified",
        _ => "Aborted",
    };

    private static string Number(double? value) => value switch
    {
        null => "–",
        { } number when double.IsInfinity(number) => "never",
        { } number when Math.Abs(number) >= 100 => number.ToString("0", CultureInfo.InvariantCulture),
        { } number when Math.Abs(number) >= 10 => number.ToString("0.#", CultureInfo.InvariantCulture),
        { } number => number.ToString("0.###", CultureInfo.InvariantCulture),
    };

    private static string T(string text) => SvgPlot.Text(text);

    private static string Legend(TrialResults results) => $"<p class=\"legend\">{string.Join(' ', results.Engines.Select(engine => $"<span class=\"key {Css(results, engine.Role)}\"></span>{T(engine.Role)}"))}</p>";

    /// <summary>Colour of an engine: the baseline's, or one of the candidates' in turn.</summary>
    private static string Css(TrialResults results, string role)
    {
        if (role == EnginePlan.BaselineRole)
            return "baseline";
        int place = results.Engines.Where(engine => engine.Role != EnginePlan.BaselineRole).TakeWhile(engine => engine.Role != role).Count() % CandidateColours;
        return place == 0 ? "candidate" : $"candidate c{place + 1}";
    }

    private const string Style = """
        :root{--ink:#1d2433;--soft:#5b6478;--line:#d9dee8;--paper:#fff;--back:#f4f6fa;--base:#5b6bb5;--cand:#d9741a;--good:#1b7f4b;--bad:#b3261e;--even:#8a93a6}
        @media(prefers-color-scheme:dark){:root{--ink:#e7eaf2;--soft:#a2abbf;--line:#333b4d;--paper:#171b26;--back:#0f121a;--base:#93a2ee;--cand:#f0a35c;--good:#5cc58d;--bad:#f08a80;--even:#8a93a6}}
        *{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 4rem}
        header,section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.4rem;margin:0 0 1rem}header{border-left:8px solid var(--even)}
        header.swap_candidate{border-left-color:var(--good)}header.keep{border-left-color:var(--base)}header.aborted{border-left-color:var(--bad)}
        h1{margin:.1rem 0 .4rem;font-size:1.9rem;line-height:1.2}h2{margin:0 0 .6rem;font-size:1.15rem}.kicker{margin:0;color:var(--soft)}
        pre{background:var(--back);padding:.7rem .9rem;border-radius:6px;overflow-x:auto;margin:0 0 .8rem}code{font-size:.92em}.hash,.remark{color:var(--soft);font-size:.85rem;margin:.6rem 0 0;overflow-wrap:anywhere}
        .table{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.2rem 0 .8rem;font-size:.92rem}th,td{text-align:left;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
        th{color:var(--soft);font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:1rem}figure{margin:0}figcaption{color:var(--soft);margin-bottom:.2rem}svg{width:100%;height:auto;display:block}
        svg text{font:11px system-ui,sans-serif;fill:var(--soft)}svg .note{fill:var(--ink);stroke:var(--paper);stroke-width:4px;paint-order:stroke}.grid{stroke:var(--line)}.frame{fill:none;stroke:var(--even)}.line{fill:none;stroke-width:1.8}
        .line.baseline{stroke:var(--base)}.line.candidate{stroke:var(--cand)}circle.baseline{fill:var(--base)}circle.candidate{fill:var(--cand)}circle.even{fill:var(--even)}circle.bad{fill:var(--bad)}
        .join{stroke:var(--even);stroke-width:2}.limit{stroke:var(--bad);stroke-dasharray:5 4}.median{stroke:var(--even);stroke-dasharray:2 3}
        circle.stage-baseline{fill:var(--base)}circle.stage-live{fill:var(--cand)}circle.stage-post{fill:var(--good)}
        .legend{margin:.4rem 0 0;color:var(--soft);font-size:.9rem}.key{display:inline-block;width:.75em;height:.75em;border-radius:50%;margin:0 .35em 0 .8em}
        .key.baseline,.key.stage-baseline{background:var(--base)}.key.candidate,.key.stage-live{background:var(--cand)}.key.stage-post{background:var(--good)}.key.bad{background:var(--bad)}
        .c2{--cand:#1d8a99}.c3{--cand:#a03e99}.c4{--cand:#6a8d1f}.c5{--cand:#8a5a44}
        b.baseline{color:var(--base)}b.candidate{color:var(--cand)}summary{cursor:pointer;color:var(--soft)}
        """;
}
