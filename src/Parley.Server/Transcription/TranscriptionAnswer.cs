using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Parley.Engines;
using Parley.Text;

namespace Parley.Server;

/// <summary>Recognises one recording and sends what was said, whole or piece by piece.</summary>
internal sealed class TranscriptionAnswer(
    HttpContext context, TranscriptionRequest request, ISpeechToTextClient client, Recording recording, RequestClock clock, ServerOptions options, TimeProvider time)
{
    // Of a shorter recording all words come at once, and soon.
    private static readonly TimeSpan LongRecording = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(10);

    public Task SendAsync() => request.IsStream ? SendEventsAsync() : SendWholeAsync();

    /// <summary>What was said; the engine's own record, or one made of its text where it keeps none.</summary>
    public static async Task<Transcript> HearAsync(ISpeechToTextClient client, Recording recording, SpeechToTextOptions options, CancellationToken cancel)
    {
        SpeechToTextResponse response = await client.GetTextAsync(recording.Read(), options, cancel);
        return response.Transcript ?? new Transcript { Text = response.Text, Language = options.SpeechLanguage ?? "und", Duration = recording.Duration };
    }

    private async Task SendWholeAsync()
    {
        Transcript transcript = await HearAsync(client, recording, request.Options, clock.Token);
        SetHeaders();
        HttpResponse response = context.Response;
        switch (request.Format)
        {
            case "json":
                await response.WriteAsJsonAsync(new TranscriptionJson(transcript.Text, DurationUsage.Of(transcript.Duration)), ApiJson.Compact.TranscriptionJson, cancellationToken: clock.Token);
                break;
            case "verbose_json":
                await response.WriteAsJsonAsync(TranscriptionVerbose.Of(transcript, request), ApiJson.Compact.TranscriptionVerbose, cancellationToken: clock.Token);
                break;
            case "text":
                await WriteTextAsync("text/plain; charset=utf-8", transcript.Text + "\n");
                break;
            case "srt":
                await WriteTextAsync("text/plain; charset=utf-8", SubtitleWriter.Srt(Cues(transcript)));
                break;
            case "vtt":
                await WriteTextAsync("text/vtt; charset=utf-8", SubtitleWriter.Vtt(Cues(transcript)));
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }

        Task WriteTextAsync(string type, string text)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            response.ContentType = type;
            response.ContentLength = utf8.Length;
            return response.Body.WriteAsync(utf8, clock.Token).AsTask();
        }
    }

    // A cue must have a length; a segment without one is a word that was dropped, and has no text to show.
    private static IEnumerable<SubtitleCue> Cues(Transcript transcript) => transcript.Segments
        .Where(segment => segment.End > segment.Start)
        .Select(segment => new SubtitleCue(segment.Start, segment.End, segment.Text.Trim()));

    private async Task SendEventsAsync()
    {
        if (recording.Duration > LongRecording)
            request.Options.FirstWordsEarly = true;
        await using Pumped<SpeechToTextResponseUpdate> updates = new(cancel => client.GetStreamingTextAsync(recording.Read(), request.Options, cancel), clock.Token);
        // A failure before the first piece is still a proper answer; but a long recording must not look like a dead server.
        await updates.WaitForFirstAsync(KeepAliveInterval, time);
        SetHeaders();
        context.Response.ContentType = EventWriter.ContentType;
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using EventWriter events = new(new PatientBody(context, options.Limits.IdleReader, time, clock.Token));
        await events.KeepAliveAsync();
        using KeepAlive keepAlive = new(events, KeepAliveInterval, time);
        try
        {
            StringBuilder text = new();
            await foreach (SpeechToTextResponseUpdate update in updates.ReadAllAsync())
            {
                if (update.Kind == SpeechToTextResponseUpdateKind.TextUpdating)
                    continue; // may still change; what was sent cannot
                keepAlive.Touch();
                if (update.Text is { Length: > 0 } piece)
                {
                    text.Append(piece);
                    await events.WriteAsync("transcript.text.delta", new TranscriptTextDelta(piece, update.Segment?.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                        ApiJson.Compact.TranscriptTextDelta);
                }
                if (request.Format == "verbose_json" && update.Segment is { } segment)
                {
                    await events.WriteAsync("transcript.text.segment",
                        new TranscriptTextSegment(segment.Id, TranscriptionVerbose.Seconds(segment.Start), TranscriptionVerbose.Seconds(segment.End), segment.Text),
                        ApiJson.Compact.TranscriptTextSegment);
                }
            }
            await events.WriteAsync("transcript.text.done", new TranscriptTextDone(text.ToString(), DurationUsage.Of(recording.Duration)), ApiJson.Compact.TranscriptTextDone);
        }
        catch (Exception thrown) when (!context.RequestAborted.IsCancellationRequested)
        {
            ApiException fault = ErrorAnswers.Explain(context, thrown, clock);
            using EventWriter last = new(new PatientBody(context, options.Limits.IdleReader, time, context.RequestAborted));
            await last.WriteAsync("error", new StreamError(fault.Error), ApiJson.Compact.StreamError);
        }
    }

    private void SetHeaders()
    {
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["x-model"] = HeaderText.Escape(request.Engine.Name);
        if (request.Ignored.Count > 0)
            context.Response.Headers["x-ignored-fields"] = string.Join(", ", request.Ignored.Select(HeaderText.Escape));
    }
}
