using System.CommandLine;
using System.Globalization;
using Parley.Trials.Listening;
using Parley.Trials.Running;

namespace Parley.Cli.Commands;

/// <summary><c>trial listen</c>: pairs without labels, as often as wanted, judged from 1 to 5.</summary>
internal static class TrialListenCommand
{
    private const string Keys = "a, b: hear one · 4 3: score A and B, 5 excellent to 1 bad · 4 3 a: and prefer A (b, none) · 4 3 a why: with a reason · q: stop for now";

    private static readonly TimeSpan BreakAfter = TimeSpan.FromMinutes(15);

    public static Command Build(Terminal terminal, Option<string> root)
    {
        Argument<string> name = TrialCommand.Name();
        Option<string> listener = new("--listener") { Description = "Who listens; every listener judges every pair", HelpName = "NAME", DefaultValueFactory = _ => "me" };
        Option<bool> mute = new("--no-player") { Description = "Only name the files: they are played elsewhere" };
        Command command = new("listen", "Judge the pairs blind; goes on where it was left") { name, listener, mute };
        command.SetAction(async (parsed, cancel) =>
        {
            TrialFolder folder = TrialFolder.Of(parsed.GetValue(root)!, parsed.GetValue(name)!);
            ListeningSession session = ListeningSession.Open(folder, TimeProvider.System);
            if (session.IsClosed)
                throw new CommandException(ExitCodes.Usage, $"The listening is closed: parley trial verdict {folder.Name}");
            using StreamReader input = new(terminal.OpenInput());
            await terminal.Out.WriteLineAsync(Keys);
            bool isDone = await JudgeAsync(session, parsed.GetValue(listener)!, parsed.GetValue(mute), terminal, input, cancel);
            await terminal.Out.WriteLineAsync(isDone
                ? session.IsComplete ? $"Every judgement is there: parley trial verdict {folder.Name}" : $"Thank you. {session.Judged} of {session.Wanted} judgements are there; other listeners: --listener NAME"
                : $"Kept. 'parley trial listen {folder.Name}' goes on from here.");
            return ExitCodes.Success;
        });
        return command;
    }

    /// <returns>True after the last pair.</returns>
    private static async Task<bool> JudgeAsync(ListeningSession session, string listener, bool isMute, Terminal terminal, StreamReader input, CancellationToken cancel)
    {
        IReadOnlyList<BlindPair> order = session.PairsFor(listener);
        long start = TimeProvider.System.GetTimestamp();
        bool isBreakTold = false;
        while (session.NextFor(listener) is { } pair)
        {
            if (!isBreakTold && TimeProvider.System.GetElapsedTime(start) > BreakAfter)
            {
                isBreakTold = true;
                await terminal.Out.WriteLineAsync("You have listened for a quarter of an hour: a short break keeps the ears fresh.");
            }
            await terminal.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Pair {order.ToList().FindIndex(known => known.Pair == pair.Pair) + 1} of {order.Count}, {pair.Seconds:0.0} s each"));
            if (isMute)
                await terminal.Out.WriteLineAsync($"  A {session.PathOf(pair.Pair, "a")}\n  B {session.PathOf(pair.Pair, "b")}");
            if (!await JudgeAsync(session, pair, listener, isMute, terminal, input, cancel))
                return false;
        }
        return true;
    }

    /// <returns>False if the listener stops.</returns>
    private static async Task<bool> JudgeAsync(ListeningSession session, BlindPair pair, string listener, bool isMute, Terminal terminal, StreamReader input, CancellationToken cancel)
    {
        int playsA = 0, playsB = 0;
        long first = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await terminal.Out.WriteAsync("> ");
            await terminal.Out.FlushAsync(cancel);
            string? typed = await input.ReadLineAsync(cancel);
            string[] words = typed?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? ["q"];
            switch (words)
            {
                case ["q"]:
                    return false;
                case ["a"] or ["b"]:
                    if (!isMute)
                        await PlayAsync(session.PathOf(pair.Pair, words[0])!, cancel);
                    (playsA, playsB) = words[0] == "a" ? (playsA + 1, playsB) : (playsA, playsB + 1);
                    continue;
                case [{ } a, { } b, ..] when int.TryParse(a, NumberStyles.None, CultureInfo.InvariantCulture, out int scoreA) && int.TryParse(b, NumberStyles.None, CultureInfo.InvariantCulture, out int scoreB):
                    string? preference = words.Length > 2 && words[2] is "a" or "b" or "none" ? words[2] : null;
                    string note = string.Join(' ', words.Skip(preference is null ? 2 : 3));
                    try
                    {
                        session.Judge(new ScoreLine
                        {
                            Pair = pair.Pair, ListenerId = listener, ScoreA = scoreA, ScoreB = scoreB, Pref = preference, PlaysA = playsA, PlaysB = playsB,
                            FirstScoreMs = Math.Round(TimeProvider.System.GetElapsedTime(first).TotalMilliseconds), Note = note.Length > 0 ? note : null,
                        });
                        return true;
                    }
                    catch (ArgumentException fault)
                    {
                        await terminal.Out.WriteLineAsync(Failures.Plain(fault));
                        continue;
                    }
                default:
                    await terminal.Out.WriteLineAsync(Keys);
                    continue;
            }
        }
    }

    private static Task PlayAsync(string file, CancellationToken cancel) => Player.PlayAsync(async stream =>
    {
        await using FileStream sound = File.OpenRead(file);
        await sound.CopyToAsync(stream, cancel);
    }, cancel);
}
