using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;
using Parley.Text;

namespace Parley.Agent;

/// <summary>One exchange: an utterance becomes words, the words an answer, the answer speech. Each stage begins as soon as the one before gives it something.</summary>
internal sealed class Turn(
    int number, Utterance utterance, ConversationEngines engines, ConversationMemory memory, ChannelWriter<ConversationEvent> events, TimeProvider time)
{
    // Clauses that wait to be spoken: a long answer is not written to its end while its beginning is spoken.
    private const int MaxWaitingClauses = 8;

    private readonly TurnClock clock = new(utterance, time);

    // Each is set by one stage and read once all are done.
    private TimeSpan? transcribed, firstToken, firstClause, firstSound;

    /// <summary>Adds what was said and answered to the history, and tells every step.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        await events.WriteAsync(new TurnTaken(number, utterance) { Clock = clock }, cancel);
        string heard = await HearAsync(cancel);
        string answer = "";
        if (heard.Length > 0)
        {
            memory.History.Add(new ChatMessage(ChatRole.User, heard));
            answer = await AnswerAsync(cancel);
            memory.History.Add(new ChatMessage(ChatRole.Assistant, answer));
        }
        TurnWaterfall waterfall = new()
        {
            EndOfTurn = clock.Silence, Transcript = transcribed, FirstToken = firstToken, FirstClause = firstClause, FirstSound = firstSound,
        };
        await events.WriteAsync(new TurnEnded(number, heard, answer, waterfall), cancel);
    }

    private async Task<string> HearAsync(CancellationToken cancel)
    {
        using MemoryStream wav = new(WavWriter.ToBytes(utterance.Sound));
        SpeechToTextResponse response = await engines.Ear.GetTextAsync(wav, new SpeechToTextOptions { SpeechLanguage = memory.Language }, cancel);
        transcribed = clock.Now;
        Transcript transcript = response.Transcript ?? new() { Text = response.Text.Trim(), Language = "und", Duration = utterance.Sound.Duration };
        memory.LearnLanguage(transcript, utterance.SpeechEnd - utterance.SpeechStart);
        await events.WriteAsync(new TurnHeard(number, transcript), cancel);
        return transcript.Text.Trim();
    }

    private async Task<string> AnswerAsync(CancellationToken cancel)
    {
        Channel<string> clauses = Channel.CreateBounded<string>(new BoundedChannelOptions(MaxWaitingClauses) { SingleReader = true, SingleWriter = true });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        StringBuilder answer = new();
        Task thinking = clauses.Writer.CompleteAfterAsync(ThinkAsync(answer, clauses.Writer, stop.Token));
        try
        {
            await SpeakAsync(clauses.Reader, cancel);
            await thinking;
            return answer.ToString().Trim();
        }
        finally
        {
            await stop.CancelAsync(); // a voice that failed has no use for further clauses
            await thinking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ThinkAsync(StringBuilder answer, ChannelWriter<string> clauses, CancellationToken cancel)
    {
        ClauseStream cutter = new();
        await foreach (ChatResponseUpdate update in engines.Brain.GetStreamingResponseAsync(memory.History, options: null, cancel))
        {
            if (update.Text.Length == 0)
                continue;
            firstToken ??= clock.Now;
            answer.Append(update.Text);
            await events.WriteAsync(new AnswerWritten(number, update.Text), cancel);
            await SendAsync(cutter.Push(update.Text));
        }
        await SendAsync(cutter.Finish());

        async Task SendAsync(IReadOnlyList<string> pieces)
        {
            foreach (string clause in pieces.Select(piece => piece.Trim()).Where(piece => piece.Length > 0))
            {
                firstClause ??= clock.Now;
                await clauses.WriteAsync(clause, cancel);
            }
        }
    }

    private async Task SpeakAsync(ChannelReader<string> clauses, CancellationToken cancel)
    {
        await foreach (string clause in clauses.ReadAllAsync(cancel))
        {
            string? begins = clause;
            await foreach (TextToSpeechResponseUpdate update in engines.Voice.GetStreamingAudioAsync(clause, engines.VoiceOptions, cancel))
            {
                foreach (DataContent content in update.Contents.OfType<DataContent>())
                {
                    firstSound ??= clock.Now;
                    await events.WriteAsync(new AnswerSpoken(number, PcmContent.ToFrame(content), begins), cancel);
                    begins = null;
                }
            }
        }
    }
}
