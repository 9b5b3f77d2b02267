using System.Text.Json;
using Parley.Graphs;
using Parley.Models.Hibari;
using Parley.Models.Misaki;

namespace Parley.Models.Parity;

/// <summary>The kinds <c>audio</c> and <c>stream</c> of the starter voice's goldens; tolerances are those of their README.</summary>
internal static class HibariParity
{
    private const double WaveFromStored = 1e-4;          // f32 against f32 in another order; the README asks for 5e-5
    private const double PulseTolerance = 0.01;          // of a train that peaks at 126; sines of up to 1,700 rad in f32 differ so
    private const double PitchTolerance = 1;             // Hz, where voiced
    private const double SpectrumMean = 0.06, SpectrumLargest = 0.6; // 8-bit activations: one step of the quantiser
    private const double WaveNoiseToSignal = 0.0562;     // 25 dB

    private static readonly string[] SpectrumNames = ["lh", "theta", "ln", "lr", "phi"];

    public static IEnumerable<ParityRow> CompareAudio(string folder, string modelFolder, CancellationToken cancel)
    {
        using Checkpoint expected = Checkpoint.Open(Path.Combine(folder, "expected.safetensors"));
        using Checkpoint noise = Checkpoint.Open(Path.Combine(folder, "..", "noise.safetensors"));
        HibariNoise tiled = TiledNoise(noise.Tensor("noise_block").ReadF32());
        if (expected.Contains("lh"))
        {
            foreach (ParityRow row in CompareSignal(expected, tiled))
                yield return row;
        }

        using JsonDocument story = ReadCase(folder);
        string phonemes = story.RootElement.GetProperty("phonemes").GetString()!;
        long[] ids = expected.Tensor("ids").ReadI64();
        yield return ParityRow.Identical("ids", ids, Vocabulary(modelFolder).Encode(phonemes));

        using HibariNetwork network = HibariNetwork.Open(Path.Combine(modelFolder, "hibari.onnx"));
        using HibariPiece piece = network.Run(ids, expected.Tensor("speed").ReadF32()[0], cancel);
        yield return ParityRow.Identical("durations", expected.Tensor("durations").ReadI64(), piece.Durations.ToArray());
        yield return Pitch(expected.Tensor("f0").ReadF32(), piece.Spectra.F0);
        foreach (string name in SpectrumNames)
        {
            foreach (ParityRow row in Spectrum(expected, name, piece.Spectra))
                yield return row;
        }
        yield return Snr("wave_no_noise through the network", Wave(expected, "wave_no_noise"), Render(piece.Spectra, null));
        yield return Snr("wave_tiled_noise through the network", Wave(expected, "wave_tiled_noise"), Render(piece.Spectra, tiled));
    }

    public static IEnumerable<ParityRow> CompareStream(string folder, string modelFolder, CancellationToken cancel)
    {
        string waves = Path.Combine(folder, "expected.safetensors");
        using Checkpoint? expected = File.Exists(waves) ? Checkpoint.Open(waves) : null;
        using JsonDocument story = ReadCase(folder);
        using HibariNetwork network = HibariNetwork.Open(Path.Combine(modelFolder, "hibari.onnx"));
        PhonemeVocabulary vocabulary = Vocabulary(modelFolder);
        int total = 0;
        foreach ((int index, JsonElement chunk) in story.RootElement.GetProperty("chunks").EnumerateArray().Index())
        {
            long[] ids = vocabulary.Encode(chunk.GetProperty("phonemes").GetString()!);
            yield return ParityRow.Identical($"chunk {index} ids", Longs(chunk, "ids"), ids);
            using HibariPiece piece = network.Run(ids, speed: 1, cancel);
            yield return ParityRow.Identical($"chunk {index} durations", Longs(chunk, "durations"), piece.Durations.ToArray());
            float[] wave = Render(piece.Spectra, null);
            total += wave.Length;
            float rms = MathF.Sqrt(System.Numerics.Tensors.TensorPrimitives.SumOfSquares<float>(wave) / wave.Length);
            yield return ParityRow.WithinLargest($"chunk {index} rms", [chunk.GetProperty("rms_no_noise").GetSingle()], [rms], 0.02);
            if (expected is not null)
                yield return Snr($"chunk {index} wave", Wave(expected, $"chunk{index}_no_noise"), wave);
        }
        yield return ParityRow.Identical("total samples", [story.RootElement.GetProperty("total_samples").GetInt32()], [total]);
    }

    /// <summary>The signal processing alone, from the stored outputs of the network.</summary>
    private static IEnumerable<ParityRow> CompareSignal(Checkpoint expected, HibariNoise tiled)
    {
        float[] f0 = expected.Tensor("f0").ReadF32();
        float[][] stored = [.. SpectrumNames.Select(name => expected.Tensor(name).ReadF32())];
        float[] RenderStored(HibariNoise? noise) => Render(new(f0.Length, stored[0], stored[1], stored[2], stored[3], stored[4], f0), noise);

        if (expected.TryTensor("pulses", out CheckpointTensor? pulses))
        {
            float[] train = new float[f0.Length * HibariVocoder.Hop];
            new HibariVocoder().MakePulses(f0, train);
            yield return ParityRow.Within("pulses", pulses.ReadF32(), train, PulseTolerance);
        }
        yield return ParityRow.Within("wave_no_noise from stored spectra", Wave(expected, "wave_no_noise"), RenderStored(null), WaveFromStored);
        yield return ParityRow.Within("wave_tiled_noise from stored spectra", Wave(expected, "wave_tiled_noise"), RenderStored(tiled), WaveFromStored);
        if (expected.TryTensor("numpy_seed0_noise", out CheckpointTensor? drawn))
        {
            // The program's own output comes from spectra that were not rounded to f16 for storing.
            HibariNoise numpy = DrawnNoise(drawn.ReadF32(), f0.Length);
            yield return Snr("wave_seed0 from stored spectra", Wave(expected, "wave_seed0"), RenderStored(numpy));
        }
    }

    private static ParityRow Pitch(float[] expected, ReadOnlySpan<float> actual)
    {
        if (expected.Length != actual.Length)
            return ParityRow.Within("f0", expected, actual, PitchTolerance);
        float[] voiced = new float[expected.Length];
        for (int frame = 0; frame < voiced.Length; frame++)
            voiced[frame] = expected[frame] > 40 ? actual[frame] : expected[frame];
        return ParityRow.Within("f0", expected, voiced, PitchTolerance);
    }

    private static List<ParityRow> Spectrum(Checkpoint expected, string name, HibariSpectra spectra)
    {
        ReadOnlySpan<float> actual = name switch
        {
            "lh" => spectra.Lh,
            "theta" => spectra.Theta,
            "ln" => spectra.Ln,
            "lr" => spectra.Lr,
            _ => spectra.Phi,
        };
        bool isWhole = expected.Contains(name);
        int every = isWhole ? 1 : 16, columns = (spectra.Frames + every - 1) / every;
        float[] stored = expected.Tensor(isWhole ? name : $"{name}_every16").ReadF32();
        if (stored.Length != HibariVocoder.Bins * columns)
            return [new(name, double.PositiveInfinity, SpectrumLargest, $"{spectra.Frames} frames do not fit {stored.Length} stored values")];
        double sum = 0, largest = 0;
        for (int i = 0; i < stored.Length; i++)
        {
            double difference = Math.Abs(stored[i] - actual[i / columns * spectra.Frames + i % columns * every]);
            sum += difference;
            largest = Math.Max(largest, difference);
        }
        return [new($"{name} mean difference", sum / stored.Length, SpectrumMean), new($"{name} largest difference", largest, SpectrumLargest)];
    }

    private static ParityRow Snr(string stage, float[] expected, float[] actual)
    {
        if (expected.Length != actual.Length)
            return new(stage, double.PositiveInfinity, WaveNoiseToSignal, $"{actual.Length} samples instead of {expected.Length}");
        double signal = 0, noise = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = (double)actual[i] - expected[i];
            noise += difference * difference;
            signal += (double)expected[i] * expected[i];
        }
        double ratio = Math.Sqrt(noise / signal);
        return new(stage, ratio, WaveNoiseToSignal, $"signal to noise {-20 * Math.Log10(ratio):F1} dB");
    }

    private static float[] Render(HibariSpectra spectra, HibariNoise? noise)
    {
        float[] wave = new float[spectra.Frames * HibariVocoder.Hop];
        new HibariVocoder().Render(spectra, noise, wave);
        return wave;
    }

    /// <summary>Whole waves are f32; the others are 16-bit: round(y · 32767).</summary>
    private static float[] Wave(Checkpoint expected, string name)
    {
        if (expected.TryTensor(name, out CheckpointTensor? whole))
            return whole.ReadF32();
        float[] wave = expected.Tensor($"{name}_i16").ReadF32();
        System.Numerics.Tensors.TensorPrimitives.Divide(wave, 32767, wave);
        return wave;
    }

    /// <summary>Z[bin, frame] = (block[bin, frame mod 64, 0] + i block[.., 1]) / 32.</summary>
    private static HibariNoise TiledNoise(float[] block) => (firstFrame, lanes, re, im) =>
    {
        for (int bin = 0; bin < HibariVocoder.Bins; bin++)
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                int stored = 2 * (64 * bin + (firstFrame + lane) % 64);
                (re[bin * lanes + lane], im[bin * lanes + lane]) = (block[stored] / 32, block[stored + 1] / 32);
            }
        }
    };

    /// <summary>Real parts in even columns, imaginary in odd ones: [601, 2F].</summary>
    private static HibariNoise DrawnNoise(float[] drawn, int frames) => (firstFrame, lanes, re, im) =>
    {
        for (int bin = 0; bin < HibariVocoder.Bins; bin++)
        {
            for (int lane = 0; lane < lanes && firstFrame + lane < frames; lane++)
            {
                int stored = 2 * (frames * bin + firstFrame + lane);
                (re[bin * lanes + lane], im[bin * lanes + lane]) = (drawn[stored], drawn[stored + 1]);
            }
        }
    };

    private static JsonDocument ReadCase(string folder) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));

    private static PhonemeVocabulary Vocabulary(string modelFolder) => PhonemeVocabulary.Read(Path.Combine(modelFolder, "vocab.json"));

    private static long[] Longs(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetInt64())];
}
