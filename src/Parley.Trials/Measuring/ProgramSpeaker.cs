using System.ComponentModel;
using System.Diagnostics;
using Parley.Engines;
using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Trials.Measuring;

/// <summary>A program that is started for every text and writes WAV to its standard output. Its start counts: that is what a caller waits for.</summary>
internal sealed class ProgramSpeaker(ProgramSource source, LimitPlan limits, string language, string run, TimeProvider time) : ISpeaker
{
    private const int ReadBytes = 16 * 1024;

    private readonly List<int> running = [];

    public EngineFacts Facts => new(Path.GetFileName(source.Arguments[0]), "", null, TrialProcess.Locate(source.Arguments[0]), source.Arguments, [.. running]);

    public Task OpenAsync(CancellationToken cancel) => TrialProcess.Locate(source.Arguments[0]) is not null ? Task.CompletedTask
        : throw new MissingProgramException(source.Arguments[0], "it is not in PATH", "Install it, or write its path into the plan's command.");

    public async Task<SpokenCall> SpeakAsync(string text, VoicePlan voice, CancellationToken cancel)
    {
        string[] arguments = [.. source.Arguments.Skip(1).Select(word => word
            .Replace("{voice}", voice.Id ?? "", StringComparison.Ordinal)
            .Replace("{language}", language, StringComparison.Ordinal)
            .Replace("{text}", text, StringComparison.Ordinal))];
        SoundReceiver sound = SoundReceiver.For("wav", 0);
        using CallClock clock = new(limits, time, cancel);
        using TrialProcess child = new(source.Arguments[0], arguments, run, isPiped: true);
        SpokenCall call = new();
        try
        {
            child.Start();
            running.Add(child.Id);
            Task<string> errors = child.ReadErrorsAsync();
            byte[] buffer = new byte[ReadBytes];
            while (await child.Output.ReadAsync(buffer, clock.Token) is > 0 and int read)
            {
                double ms = clock.Ms;
                clock.Heard();
                sound.Take(buffer.AsSpan(0, read), ms);
            }
            call = call with { TotalMs = clock.Ms };
            await child.WaitAsync(clock.Token);
            if (child.ExitCode != 0)
                return call with { Error = ErrorClass.Engine, ErrorDetail = $"ended with {child.ExitCode}: {(await errors).Trim()}" };
        }
        catch (OperationCanceledException) when (clock.Ended is not null && !cancel.IsCancellationRequested)
        {
            return call with { Error = clock.Ended, TotalMs = clock.Ms, FirstByteMs = sound.FirstByteMs, FirstAudioMs = sound.FirstAudioMs };
        }
        catch (Exception fault) when (fault is IOException or Win32Exception)
        {
            return call with { Error = ErrorClass.Engine, ErrorDetail = fault.Message, TotalMs = clock.Ms };
        }
        finally
        {
            child.Kill();
            running.Remove(child.Id);
        }
        WavCheck check = WavCheck.Of(sound.Body.Span, text);
        return call with
        {
            Error = check.Error,
            ErrorDetail = check.Problem,
            FirstByteMs = sound.FirstByteMs,
            FirstAudioMs = sound.FirstAudioMs,
            Bytes = sound.Body.Length,
            Arrivals = sound.Arrivals,
            Sound = check.Sound,
            Channels = check.Channels,
            Body = sound.Body,
            IsPlausible = check.IsPlausible,
        };
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
