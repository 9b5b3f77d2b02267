namespace Parley.Engines;

/// <summary>The safety net: a hundred languages, no model, a robot's voice.</summary>
public static class EspeakEngine
{
    public const int SampleRate = 22_050;

    private const string DefaultVoice = "en-us";

    /// <summary>
    /// Asks the program for its voices. Where it is not installed the engine is listed all the same, without voices, and
    /// opening it says what to do.
    /// </summary>
    /// <param name="espeak">The program; the one in PATH by default.</param>
    /// <param name="cancel">Stops the asking.</param>
    /// <exception cref="EngineProcessException">The program is there and fails.</exception>
    public static async Task<EngineRegistration> RegisterAsync(EspeakProgram? espeak = null, CancellationToken cancel = default)
    {
        espeak ??= new EspeakProgram();
        try
        {
            IReadOnlyList<EspeakVoice> voices = await espeak.ListVoicesAsync(cancel);
            IReadOnlyList<string> variants = await espeak.ListVariantsAsync(cancel);
            EngineDescription engine = Describe([.. voices.OrderBy(voice => voice.Language != DefaultVoice).GroupBy(voice => voice.Language).SelectMany(Named)]);
            return new(engine, _ => Task.FromResult<IDisposable>(new EspeakTextToSpeechClient(engine, espeak, variants)));
        }
        catch (MissingProgramException missing)
        {
            return new(Describe([]), _ => Task.FromException<IDisposable>(missing));
        }
    }

    // The program takes the first voice of a language by its tag; the others (Cantonese in Latin letters) by their file.
    private static IEnumerable<Voice> Named(IEnumerable<EspeakVoice> ofOneLanguage) =>
        ofOneLanguage.Select((voice, i) => i == 0 ? voice.ToVoice() : voice.ToVoice() with { Id = voice.File });

    private static EngineDescription Describe(IReadOnlyList<Voice> voices) => new()
    {
        Name = "espeak",
        Task = EngineTask.Speech,
        Description = "espeak-ng: a hundred languages in a robot's voice, at once and without a model.",
        Model = "espeak-ng",
        Languages = [.. voices.Select(voice => voice.Language)],
        CanStream = true,
        SampleRate = SampleRate,
        Slots = EspeakProgram.Concurrency,
        Voices = voices,
    };
}
