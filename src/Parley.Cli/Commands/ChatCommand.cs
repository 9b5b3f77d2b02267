using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Engines;

namespace Parley.Cli.Commands;

/// <summary><c>chat</c>: a conversation with a brain in the terminal. The answer appears while it is made; Ctrl-C ends the answer and not the program.</summary>
internal static class ChatCommand
{
    public static Command Build(CommandLine line, Terminal terminal)
    {
        Argument<string?> text = new("TEXT") { Description = "One question, or - to read it from standard input; without it a conversation, a line a turn", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> engine = SharedOptions.Engine("The brain");
        Option<string?> system = new("--system") { Description = "What the brain is told about itself first", HelpName = "TEXT" };
        Option<float?> temperature = new("--temperature") { Description = "0 to 2; 0 takes the likeliest word every time", HelpName = "N" };
        Option<long?> seed = new("--seed") { Description = "Makes an answer repeatable", HelpName = "N" };
        Option<int?> tokens = new("--max-tokens") { Description = "Longest answer; 2048 by default", HelpName = "N" };
        Command command = new("chat", "Talk with a language model, in writing") { text, engine, system, temperature, seed, tokens };
        command.SetAction(async (parsed, cancel) =>
        {
            using ILoggerFactory logs = TerminalLog.Factory(terminal);
            House house = new(line.Load(parsed), logs);
            await using EngineCatalogue catalogue = await house.AssembleAsync([(EngineTask.Chat, parsed.GetValue(engine))], cancel);
            EngineDescription brain = catalogue.Engines[0];
            long start = Stopwatch.GetTimestamp();
            if (terminal.IsErrorInteractive)
                await terminal.Error.WriteLineAsync($"Opening {brain.Model} ...");
            IChatClient client = await catalogue.OpenAsync<IChatClient>(brain.Name, cancel);
            ChatOptions options = new() { Temperature = parsed.GetValue(temperature), Seed = parsed.GetValue(seed), MaxOutputTokens = parsed.GetValue(tokens) };
            WrittenConversation conversation = new(client, options, parsed.GetValue(system), terminal);
            if (parsed.GetValue(text) is { } question)
            {
                using StreamReader input = new(terminal.OpenInput());
                await conversation.AskAsync(question == "-" ? await input.ReadToEndAsync(cancel) : question, cancel);
                return ExitCodes.Success;
            }
            if (terminal.IsInInteractive)
            {
                await terminal.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"{brain.Model} ({brain.Name}), there after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s. Ctrl-C ends an answer, /new begins afresh, /quit or Ctrl-D ends."));
            }
            await TalkAsync(conversation, terminal, cancel);
            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task TalkAsync(WrittenConversation conversation, Terminal terminal, CancellationToken cancel)
    {
        using StreamReader input = new(terminal.OpenInput());
        while (true)
        {
            if (terminal.IsInInteractive)
            {
                await terminal.Error.WriteAsync("> ");
                await terminal.Error.FlushAsync(cancel);
            }
            // A terminal's line cannot be waited for with a token: the wait is given up instead.
            string? said = await Task.Run(input.ReadLine, cancel).WaitAsync(cancel);
            switch (said?.Trim())
            {
                case null or "/quit":
                    return;
                case "":
                    break;
                case "/new":
                    conversation.Forget();
                    break;
                default:
                    await conversation.AskAsync(said, cancel);
                    break;
            }
        }
    }
}

/// <summary>What was said so far, and the next question.</summary>
internal sealed class WrittenConversation(IChatClient client, ChatOptions options, string? system, Terminal terminal)
{
    private readonly List<ChatMessage> messages = [];

    public void Forget() => messages.Clear();

    /// <summary>Asks, and writes the answer while it comes. What was written before Ctrl-C stays in the conversation.</summary>
    public async Task AskAsync(string question, CancellationToken cancel)
    {
        messages.Add(new ChatMessage(ChatRole.User, question));
        using CancellationTokenSource answering = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using IDisposable interrupts = terminal.OnInterrupt(answering.Cancel);
        List<ChatResponseUpdate> answer = [];
        AnswerPace pace = new();
        try
        {
            while (!await TryAnswerAsync(answer, pace, answering.Token))
                DropOldestTurn();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            await terminal.Out.WriteAsync(" ...");
        }
        await terminal.Out.WriteLineAsync();
        await terminal.Out.FlushAsync(CancellationToken.None);
        if (terminal.IsErrorInteractive)
            await terminal.Error.WriteLineAsync(pace.Report(answer));
        messages.Add(new ChatMessage(ChatRole.Assistant, string.Concat(answer.Select(update => update.Text))));
    }

    /// <returns>False if the conversation is too long and has turns to leave out.</returns>
    private async Task<bool> TryAnswerAsync(List<ChatResponseUpdate> answer, AnswerPace pace, CancellationToken cancel)
    {
        IEnumerable<ChatMessage> whole = system is null ? messages : messages.Prepend(new ChatMessage(ChatRole.System, system));
        try
        {
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(whole, options, cancel))
            {
                pace.Tick();
                answer.Add(update);
                await terminal.Out.WriteAsync(update.Text);
                await terminal.Out.FlushAsync(cancel);
            }
            return true;
        }
        catch (ContextOverflowException) when (messages.Count > 1)
        {
            return false;
        }
    }

    private void DropOldestTurn()
    {
        messages.RemoveRange(0, Math.Min(2, messages.Count - 1)); // a question and its answer
        terminal.Error.WriteLine("(The conversation is longer than the model's context: its oldest turn is left out.)");
    }
}

/// <summary>How fast an answer came.</summary>
internal sealed class AnswerPace
{
    private readonly long start = Stopwatch.GetTimestamp();
    private TimeSpan? first;
    private TimeSpan last;

    public void Tick()
    {
        last = Stopwatch.GetElapsedTime(start);
        first ??= last;
    }

    public string Report(IEnumerable<ChatResponseUpdate> answer)
    {
        UsageDetails? usage = answer.SelectMany(update => update.Contents).OfType<UsageContent>().LastOrDefault()?.Details;
        if (first is not { } begin)
            return "(nothing)";
        string firstToken = string.Create(CultureInfo.InvariantCulture, $"first word after {begin.TotalMilliseconds:0} ms");
        if (usage?.OutputTokenCount is not { } count)
            return $"({firstToken})";
        double seconds = (last - begin).TotalSeconds;
        string speed = count > 1 && seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $", {(count - 1) / seconds:0.0} tokens/s") : "";
        return string.Create(CultureInfo.InvariantCulture, $"({count} tokens{speed}, {firstToken}; {usage.InputTokenCount ?? 0} tokens read, {usage.CachedInputTokenCount ?? 0} of them known already)");
    }
}
