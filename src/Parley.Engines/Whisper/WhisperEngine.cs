using Parley.Graphs;
using Parley.Models;
using Parley.Models.Silero;
using Parley.Models.Whisper;

namespace Parley.Engines.Whisper;

/// <summary>Puts Whisper models into the catalogue.</summary>
public static class WhisperEngine
{
    /// <summary>The precision that is taken where none is named: 8 bit, whose words are those of f32.</summary>
    public const string Auto = "auto";

    private const long MostWindowBytes = 1L << 30; // keys and values of all windows under way
    private const int MostSlots = 16;

    /// <summary>A model, by the name that users write.</summary>
    /// <param name="name">The engine's name: <c>whisper:NAME</c>.</param>
    /// <param name="path">Any form of <see cref="WhisperCheckpoint"/>; what it says of itself is read now, its weights when the engine is opened.</param>
    /// <param name="voiceActivityPath">The Silero model that finds the speech.</param>
    /// <param name="cacheFolder">For compiled graphs, where they cannot lie beside the model.</param>
    /// <param name="precision">How the large weights are kept: a <see cref="Precision"/>'s name, or <see cref="Auto"/>.</param>
    /// <param name="vocabularyFrom">A multilingual <c>.bin</c> of whisper.cpp that lends its vocabulary to a <c>.pt</c>.</param>
    /// <param name="progress">Of the compilation at the first start.</param>
    /// <exception cref="ModelFileException">A file of whisper.cpp's is missing, cut short, or damaged.</exception>
    /// <exception cref="CheckpointException">The path holds no Whisper model; the message says what it is.</exception>
    public static EngineRegistration Register(
        string name, string path, string voiceActivityPath, string cacheFolder, string precision = Auto, string? vocabularyFrom = null,
        IProgress<CompileProgress>? progress = null)
    {
        using WhisperCheckpoint found = WhisperCheckpoint.Open(path, vocabularyFrom);
        WhisperPrecision kept = WhisperPrecision.Of(precision == Auto ? Precision.Q8 : Precision.Parse(precision), found.Config);
        EngineDescription description = Describe(name, found, kept);
        return new EngineRegistration(description, cancel => Task.Run<IDisposable>(() =>
        {
            WhisperCheckpoint checkpoint = WhisperCheckpoint.Open(path, vocabularyFrom);
            GraphCache cache = GraphCache.For(path, checkpoint.Identity, cacheFolder, part: Path.GetFileName(Path.TrimEndingDirectorySeparator(path)));
            WhisperModel model = WhisperModel.Open(checkpoint, kept, cache, progress, cancel);
            try
            {
                SileroModel voiceActivity = SileroModel.Open(voiceActivityPath);
                return new WhisperSpeechToTextClient(description, model.Vocabulary, model.Family, new WhisperLoop(model, description.Slots), voiceActivity);
            }
            catch
            {
                model.Dispose();
                throw;
            }
        }, cancel));
    }

    /// <summary>The starter ear, Whisper base: 99 languages.</summary>
    /// <exception cref="ModelFileException">A file is missing or damaged.</exception>
    public static EngineRegistration Starter(
        StarterModels models, string cacheFolder, string precision = Auto, IProgress<CompileProgress>? progress = null) =>
        Register("whisper:base", models.Verified(StarterFile), models.Verified(StarterVoiceActivity), cacheFolder, precision, progress: progress);

    /// <summary>The starter model's file among the <see cref="StarterModels"/>.</summary>
    public const string StarterFile = "whisper/ggml-base-q5_1.bin";

    private const string StarterVoiceActivity = "silero/silero_vad.onnx";

    private static EngineDescription Describe(string name, WhisperCheckpoint model, WhisperPrecision kept)
    {
        WhisperFamily family = model.Family;
        string hears = family.IsEnglishOnly ? "English" : $"{model.Vocabulary.Languages} languages";
        string translates = family.CanTranslate ? ", and translates them into English" : "";
        return new EngineDescription
        {
            Name = name,
            Task = EngineTask.Transcription,
            Description = $"Whisper {family.Name} on this machine: hears {hears}{translates}.",
            Model = $"whisper {family.Name} {model.Form}",
            Languages = family.IsEnglishOnly ? ["en"] : [.. WhisperLanguages.All.Take(model.Vocabulary.Languages)],
            CanStream = true,
            HasWordTimes = true,
            SampleRate = 16_000,
            Slots = (int)Math.Clamp(MostWindowBytes / kept.WindowBytes(model.Config), 1, MostSlots),
        };
    }
}
