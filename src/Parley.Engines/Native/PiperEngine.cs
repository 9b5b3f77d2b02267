using System.Globalization;
using Parley.Models.Piper;

namespace Parley.Engines;

/// <summary>Voices of the Piper project: a file <c>NAME.onnx</c> with <c>NAME.onnx.json</c> beside it, in forty languages.</summary>
public static class PiperEngine
{
    /// <summary>Reads the configuration; the network is read when the engine is opened.</summary>
    /// <param name="path">The <c>.onnx</c> file.</param>
    /// <param name="espeak">Gives the phonemes; the program in PATH by default.</param>
    /// <exception cref="Parley.Models.ModelFileException">The configuration is missing or no Piper voice's.</exception>
    public static EngineRegistration Register(string path, EspeakProgram? espeak = null)
    {
        espeak ??= new EspeakProgram();
        PiperConfig config = PiperConfig.Read(path + ".json");
        string name = Path.GetFileNameWithoutExtension(path);
        string language = LanguageTag.WithConventionalCase((config.Language?.Code ?? config.Espeak.Voice).Replace('_', '-'));
        OrderedDictionary<string, long> speakers = Speakers(config, name);
        EngineDescription engine = new()
        {
            Name = $"piper:{name}",
            Task = EngineTask.Speech,
            Description = $"Piper voice {name}, phonemes from espeak-ng.",
            Model = name,
            Languages = [language],
            CanStream = true,
            SampleRate = config.Audio.SampleRate,
            Voices = [.. speakers.Keys.Select(speaker => new Voice(speaker, speaker, language, "Piper"))],
        };
        return new(engine, cancel => OpenAsync(engine, path, espeak, speakers, cancel));
    }

    private static async Task<IDisposable> OpenAsync(
        EngineDescription engine, string path, EspeakProgram espeak, OrderedDictionary<string, long> speakers, CancellationToken cancel)
    {
        PiperTextToSpeechClient client = new(engine, await Task.Run(() => PiperVoice.Open(path), cancel), espeak, speakers);
        try
        {
            await client.GetAudioAsync("1.", cancellationToken: cancel); // loads and compiles what the first request would wait for; finds a missing espeak-ng
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>By name where the configuration has names, by number where it has none; a voice of one speaker goes by its own name.</summary>
    private static OrderedDictionary<string, long> Speakers(PiperConfig config, string name)
    {
        if (config.NumSpeakers == 1)
            return new() { [name] = 0 };
        OrderedDictionary<string, long> speakers = [];
        foreach ((string speaker, long number) in config.SpeakerIdMap.OrderBy(entry => entry.Value))
            speakers[speaker] = number;
        for (int number = 0; number < config.NumSpeakers; number++)
        {
            if (!config.SpeakerIdMap.Values.Contains(number))
                speakers[number.ToString(CultureInfo.InvariantCulture)] = number;
        }
        return speakers;
    }
}
