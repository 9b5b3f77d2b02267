using Parley.Models;
using Parley.Models.Silero;
using Parley.Models.Whisper;

namespace Parley.Engines.Whisper;

/// <summary>Puts Whisper models into the catalogue.</summary>
public static class WhisperEngine
{
    private const int MostThreads = 8; // beyond it whisper.cpp gains little

    /// <summary>A model file, by the name that users write.</summary>
    /// <param name="name">The engine's name: <c>whisper:NAME</c>.</param>
    /// <param name="path">A ggml <c>.bin</c> file; its header is read now, its weights when the engine is opened.</param>
    /// <param name="voiceActivityPath">The Silero model that finds the speech.</param>
    /// <param name="threads">Threads of one computation; <see langword="null"/> for the cores that the process may use, at most 8.</param>
    /// <exception cref="ModelFileException">The file is missing, cut short, damaged, or no Whisper model.</exception>
    public static EngineRegistration Register(string name, string path, string voiceActivityPath, int? threads = null)
    {
        GgmlWhisperFile file = GgmlWhisperFile.Read(path);
        EngineDescription description = Describe(name, file);
        return new EngineRegistration(description, cancel => Task.Run<IDisposable>(
            () => Open(description, path, voiceActivityPath, threads ?? Math.Min(Environment.ProcessorCount, MostThreads)), cancel));
    }

    /// <summary>The starter ear, Whisper base: 99 languages.</summary>
    /// <exception cref="ModelFileException">A file is missing or damaged.</exception>
    public static EngineRegistration Starter(StarterModels models)
    {
        const string file = "whisper/ggml-base-q5_1.bin", voiceActivity = "silero/silero_vad.onnx";
        return Register("whisper:base", models.Verified(file), models.Verified(voiceActivity));
    }

    private static WhisperSpeechToTextClient Open(EngineDescription description, string path, string voiceActivityPath, int threads)
    {
        GgmlWhisperFile file = GgmlWhisperFile.Read(path);
        SileroModel voiceActivity = SileroModel.Open(voiceActivityPath);
        try
        {
            return new WhisperSpeechToTextClient(description, file, WhisperNetDecoder.Open(file, threads), voiceActivity);
        }
        catch (ModelFileException)
        {
            voiceActivity.Dispose();
            throw;
        }
    }

    private static EngineDescription Describe(string name, GgmlWhisperFile file)
    {
        WhisperFamily family = file.Family;
        string hears = family.IsEnglishOnly ? "English" : $"{file.Vocabulary.Languages} languages";
        string translates = family.CanTranslate ? ", and translates them into English" : "";
        return new EngineDescription
        {
            Name = name,
            Task = EngineTask.Transcription,
            Description = $"Whisper {family.Name} on this machine: hears {hears}{translates}.",
            Model = $"whisper {family.Name} {file.Precision}",
            Languages = family.IsEnglishOnly ? ["en"] : [.. WhisperLanguages.All.Take(file.Vocabulary.Languages)],
            CanStream = true,
            HasWordTimes = true,
            SampleRate = 16_000,
            IsHeavy = true,
            Slots = 1,
        };
    }
}
