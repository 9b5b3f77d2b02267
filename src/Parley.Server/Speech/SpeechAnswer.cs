using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Sends one spoken text in the way that was asked for. The status goes out only when the first sound is there, except in event streams.</summary>
internal sealed class SpeechAnswer(HttpContext context, SpeechRequest request, SpeechRun run, RequestClock clock, ServerOptions options, ServerMeasures measures, TimeProvider time)
{
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(10);

    private readonly long start = time.GetTimestamp();

    public async Task SendAsync()
    {
        await (request.Delivery switch
        {
            Delivery.Whole => SendWholeAsync(),
            Delivery.Chunks => SendChunksAsync(),
            Delivery.Events => SendEventsAsync(),
            _ => throw new System.Diagnostics.UnreachableException(),
        });
        measures.SpeechEnded(request.Engine, time.GetElapsedTime(start), run.Spoken);
        Caller.Use(context, run.Spoken);
    }

    private async Task SendWholeAsync()
    {
        // Long speech is put on disk while it grows: a request must not cost memory by its length.
        await using FileBufferingWriteStream spool = new(memoryThreshold: 1 << 20);
        bool isWav = request.Format == SpeechFormats.Wav;
        SpeechFormat body = isWav ? SpeechFormats.Pcm : request.Format;
        await foreach (ReadOnlyMemory<byte> piece in body.Encode(PcmAsync(clock.Token), request.SampleRate, options.Speech, clock.Token))
            await spool.WriteAsync(piece, clock.Token);

        byte[] header = isWav ? WavStream.Header(request.SampleRate, spool.Length) : [];
        SetHeaders(request.Format.ContentType);
        context.Response.ContentLength = header.Length + spool.Length;
        (long input, long output) = Count();
        context.Response.Headers["x-usage-input-tokens"] = Text(input);
        context.Response.Headers["x-usage-output-tokens"] = Text(output);
        context.Response.Headers["x-usage-total-tokens"] = Text(input + output);
        context.Response.Headers["x-audio-seconds"] = run.Spoken.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        if (request.WithWords)
            WordTimesHeader.Set(context.Response.Headers, run.Words);
        await context.Response.Body.WriteAsync(header, clock.Token);
        await spool.DrainBufferAsync(context.Response.Body, clock.Token);
    }

    private async Task SendChunksAsync()
    {
        PatientBody? body = null;
        await foreach (ReadOnlyMemory<byte> piece in request.Format.Encode(PcmAsync(clock.Token), request.SampleRate, options.Speech, clock.Token))
        {
            if (body is null)
            {
                SetHeaders(request.Format.ContentType);
                body = new PatientBody(context, options.Limits.IdleReader, time, clock.Token);
            }
            await body.WriteAsync(piece);
        }
    }

    private async Task SendEventsAsync()
    {
        SetHeaders(EventWriter.ContentType);
        using EventWriter events = new(new PatientBody(context, options.Limits.IdleReader, time, clock.Token));
        await events.KeepAliveAsync();
        using KeepAlive keepAlive = new(events, KeepAliveInterval, time);
        try
        {
            int index = 0, wordsSent = 0;
            await foreach (ReadOnlyMemory<byte> piece in request.Format.Encode(PcmAsync(clock.Token), request.SampleRate, options.Speech, clock.Token))
            {
                keepAlive.Touch();
                await events.WriteAsync("speech.audio.delta", new SpeechAudioDelta(Convert.ToBase64String(piece.Span), index++), ApiJson.Compact.SpeechAudioDelta);
                if (request.WithWords && run.Words.Count > wordsSent)
                {
                    await events.WriteAsync("speech.audio.words", new SpeechAudioWords([.. run.Words.Skip(wordsSent).Select(SpokenWord.Of)]), ApiJson.Compact.SpeechAudioWords);
                    wordsSent = run.Words.Count;
                }
            }
            (long input, long output) = Count();
            await events.WriteAsync("speech.audio.done",
                new SpeechAudioDone(new SpeechUsage(input, output, input + output), RequestId.Of(context), Math.Round(run.Spoken.TotalSeconds, 3)),
                ApiJson.Compact.SpeechAudioDone);
        }
        catch (Exception thrown) when (!context.RequestAborted.IsCancellationRequested)
        {
            measures.Failed(request.Engine, thrown);
            ApiException fault = ErrorAnswers.Explain(context, thrown, clock);
            // The token of the stream may be what ended it; the last word goes out under the connection's own.
            using EventWriter last = new(new PatientBody(context, options.Limits.IdleReader, time, context.RequestAborted));
            await last.WriteAsync("speech.audio.error", new SpeechAudioError(fault.Error), ApiJson.Compact.SpeechAudioError);
        }
    }

    /// <summary>The engine's sound at the rate of the answer. Fails with 504 if the first sound does not come, with 400 if none does.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<byte>> PcmAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource firstAudio = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await using IAsyncEnumerator<(ReadOnlyMemory<byte> Pcm, int SampleRate)> sound = run.SoundAsync(firstAudio.Token).GetAsyncEnumerator(CancellationToken.None);
        using (ITimer timer = time.CreateTimer(_ => firstAudio.Cancel(), null, options.Limits.FirstAudio, Timeout.InfiniteTimeSpan))
        {
            try
            {
                if (!await sound.MoveNextAsync())
                    throw ApiException.Invalid("input", "There is nothing in 'input' that can be spoken.");
            }
            catch (OperationCanceledException) when (firstAudio.IsCancellationRequested && !cancel.IsCancellationRequested)
            {
                throw ApiException.Timeout(FormattableString.Invariant($"'{request.Engine.Name}' made no sound within {options.Limits.FirstAudio.TotalSeconds:0} s."));
            }
        }
        measures.SpeechBegan(request.Engine, time.GetElapsedTime(start) + run.Waited, run.Waited);
        PcmResampler? resampler = null;
        do
        {
            (ReadOnlyMemory<byte> pcm, int rate) = sound.Current;
            if (rate == request.SampleRate)
                yield return pcm;
            else if ((resampler ??= new PcmResampler(rate, request.SampleRate)).Push(pcm.Span) is { IsEmpty: false } converted)
                yield return converted;
        }
        while (await sound.MoveNextAsync());
        if (resampler is not null && resampler.Flush() is { IsEmpty: false } tail)
            yield return tail;
    }

    private void SetHeaders(string contentType)
    {
        HttpResponse response = context.Response;
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        response.Headers.ContentDisposition = $"inline; filename=\"speech.{request.Format.Name}\"";
        response.Headers["x-audio-format"] = request.Format.Name;
        response.Headers["x-audio-sample-rate"] = Text(request.SampleRate);
        response.Headers["x-audio-channels"] = "1";
        response.Headers["x-model"] = HeaderText.Escape(request.Engine.Name);
        if (request.Voice is { } voice)
            response.Headers["x-voice"] = HeaderText.Escape(voice.Id);
        if (request.Options.Seed is { } seed)
            response.Headers["x-seed"] = Text(seed);
        if (request.Ignored.Count > 0)
            response.Headers["x-ignored-fields"] = string.Join(", ", request.Ignored.Select(HeaderText.Escape));
    }

    // Engines that do not count tokens are counted by characters in and milliseconds out; both grow with the work, as tokens do.
    private (long Input, long Output) Count() =>
        (run.Usage?.InputTokenCount ?? request.Input.Length, run.Usage?.OutputTokenCount ?? (long)run.Spoken.TotalMilliseconds);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
