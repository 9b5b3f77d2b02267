using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Audio.Loudness;
using Parley.Audio.Pitch;
using Parley.Engines;
using Parley.Models.SpeakerEmbeddings;
using Parley.Text;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;
using Parley.Trials.Verdicts;

namespace Parley.Trials.Running;

/// <summary>
/// What can be computed of each clip: error rates through an ear, loudness, pitch, the likeness of cloned voices to their references, and the
/// distance to recordings of the same words.
/// Clip by clip, each on the disk before the next; an interrupted run goes on.
/// </summary>
internal sealed class ObjectiveMeasures(TrialFolder folder, TrialPlan plan, TrialServices services)
{
    /// <param name="report">Told what is being done.</param>
    /// <param name="cancel">Interrupts it.</param>
    public async Task RunAsync(Action<string> report, CancellationToken cancel)
    {
        JsonLines<ObjectiveItem> log = ObjectiveLog.Open(folder);
        HashSet<(string, string, string)> done = [.. log.Read().Select(item => (item.Engine, item.Utterance, item.Condition))];
        (EnginePlan Engine, Cell Cell, string File)[] clips = [.. plan.Engines.SelectMany(engine => plan.Cells.Select(cell => (engine, cell, FileOf(engine.Role, cell))))
            .Where(clip => !done.Contains((clip.engine.Role, clip.cell.Utterance, clip.cell.Condition)) && File.Exists(clip.Item3))];
        if (clips.Length == 0)
            return;
        await using EngineCatalogue? ears = plan.Objective.Ear is { } ear ? await services.AssembleEar(ear, cancel) : null;
        ISpeechToTextClient? listener = ears is null ? null : await ears.OpenAsync<ISpeechToTextClient>(plan.Objective.Ear!, cancel);
        using SpeakerEncoder? speaker = plan.Objective.HasSpeakerSimilarity ? SpeakerEncoder.Open(StarterModels.Locate().Verified("speaker/speaker_encoder.onnx")) : null;
        ReferenceComparison? comparison = plan.Objective.References is { } recordings ? new(Path.Combine(folder.Folder, recordings), plan.Objective.AreAligned) : null;
        Dictionary<string, float[]> references = new(StringComparer.Ordinal);
        foreach ((EnginePlan engine, Cell cell, string file) in clips)
        {
            report($"objective measures: {engine.Role} {cell}");
            AudioBuffer sound = WavReader.Read(file);
            ObjectiveItem item = new(
                engine.Role, cell.Utterance, cell.Condition, null, null, null, null, null, null,
                Finite(PitchStatistics.Of(Resampler.Convert(sound, 16_000)).MedianHz), Finite(LoudnessReading.Of(sound.Samples, sound.SampleRate).IntegratedLufs), null, null);
            if (listener is not null)
                item = await HearAsync(item, listener, sound, plan.Find(cell.Utterance).Text, cancel);
            if (speaker is not null && engine.Voices[cell.Condition].Reference is { } reference)
            {
                if (!references.TryGetValue(reference, out float[]? wanted))
                    references.Add(reference, wanted = speaker.Embed(await AudioDecoder.DecodeAsync(Path.Combine(folder.Folder, reference), cancel: cancel)));
                item = item with { Similarity = Math.Round(SpeakerEncoder.Similarity(wanted, speaker.Embed(sound)), 6) };
            }
            if (comparison?.Find(cell) is { } recording)
                item = item with { Reference = await comparison.CompareAsync(recording, sound, cancel) };
            log.Append(item);
        }
    }

    private async Task<ObjectiveItem> HearAsync(ObjectiveItem item, ISpeechToTextClient listener, AudioBuffer sound, string text, CancellationToken cancel)
    {
        ITextNormalizer normalizer = NormalizerOf(plan);
        using MemoryStream wav = new(WavWriter.ToBytes(sound), writable: false);
        SpeechToTextResponse heard = await listener.GetTextAsync(wav, new SpeechToTextOptions { SpeechLanguage = plan.Language }, cancel);
        item = item with { Heard = heard.Text.Trim(), Ear = plan.Objective.Ear, Normalizer = normalizer.Name };
        try
        {
            ErrorRate words = ErrorRate.OfWords(text, heard.Text, normalizer);
            ErrorRate characters = ErrorRate.OfCharacters(text, heard.Text, normalizer);
            return item with { WordErrors = words.Errors, ReferenceWords = words.ReferenceLength, CharacterErrors = characters.Errors, ReferenceCharacters = characters.ReferenceLength };
        }
        catch (ArgumentException)
        {
            return item; // nothing of the text is left after normalisation: it has no rate
        }
    }

    /// <summary>The word errors of what was heard; <see langword="null"/> where nothing of the text is left after normalisation.</summary>
    internal static ErrorRate? WordsOf(TrialPlan plan, Cell cell, string heard)
    {
        try
        {
            return ErrorRate.OfWords(plan.Find(cell.Utterance).Text, heard, NormalizerOf(plan));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static ITextNormalizer NormalizerOf(TrialPlan plan) =>
        plan.Language.StartsWith("en", StringComparison.OrdinalIgnoreCase) ? WhisperEnglishNormalizer.Instance : new WhisperBasicNormalizer();

    private string FileOf(string role, Cell cell) => Path.Combine(
        folder.Audio, role == "baseline" ? $"stored_{cell.Condition}_{cell.Utterance}.wav" : $"{role}_{cell.Condition}_{cell.Utterance}_1.wav");

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 3) : null;
}
