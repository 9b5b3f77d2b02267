using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Parley.Graphs;

namespace Parley.Models.Kokoro;

/// <summary>
/// Kokoro-82M as one of its published ONNX exports: ids and a style in, 24 kHz sound out, a whole piece at a time. The exports
/// differ in names and types (kokoro-onnx, transformers.js, hexgrad's own); what is there is taken from the file.
/// Safe to call from several threads at once.
/// </summary>
public sealed class KokoroNetwork : IDisposable
{
    public const int SampleRate = 24_000;

    /// <summary>Samples of one unit of duration (25 ms).</summary>
    public const int DurationUnit = 600;

    /// <summary>The longest piece in phonemes, its two edges not counted; the graphs fail beyond.</summary>
    public const int LongestPiece = 510;

    private const string Style = "style", Speed = "speed", Duration = "duration";

    private readonly OnnxModel model;
    private readonly string[] inputNames, outputNames;

    private KokoroNetwork(OnnxModel model, string ids, string wave)
    {
        this.model = model;
        inputNames = [ids, Style, Speed];
        HasDurations = model.Outputs.ContainsKey(Duration);
        outputNames = HasDurations ? [wave, Duration] : [wave];
        TakesSpeed = model.Inputs[Speed].ElementDataType == TensorElementType.Float;
    }

    /// <summary>False for the export whose speed is a whole number: it speaks at 1, and the sound is stretched afterwards.</summary>
    public bool TakesSpeed { get; }

    /// <summary>True if the export says how long each id lasts.</summary>
    public bool HasDurations { get; }

    /// <exception cref="ModelFileException">The file is missing, damaged or of another model.</exception>
    public static KokoroNetwork Open(string path)
    {
        OnnxModel? model = null;
        try
        {
            model = OnnxModel.Open(path);
            string ids = model.Inputs.ContainsKey("input_ids") ? "input_ids" : "tokens", wave = model.Outputs.ContainsKey("waveform") ? "waveform" : "audio";
            model.Require(model.Inputs, ids, TensorElementType.Int64);
            model.Require(model.Inputs, Style, TensorElementType.Float);
            if (!model.Inputs.TryGetValue(Speed, out NodeMetadata? speed) || speed.ElementDataType != TensorElementType.Int32)
                model.Require(model.Inputs, Speed, TensorElementType.Float);
            model.Require(model.Outputs, wave, TensorElementType.Float);
            return new(model, ids, wave);
        }
        catch (OnnxModelException fault)
        {
            model?.Dispose();
            throw new ModelFileException(path, fault.Problem, fault);
        }
    }

    /// <summary>Runs the network over one piece.</summary>
    /// <param name="ids">0, at most <see cref="LongestPiece"/> phonemes' ids, 0.</param>
    /// <param name="style">[256].</param>
    /// <param name="speed">Above 0; 1 if the export does not take it.</param>
    /// <param name="cancel">The runtime looks at it between two nodes.</param>
    /// <returns>The sound, a fresh array, and each id's length in units; no lengths where the export gives none.</returns>
    public (float[] Wave, long[] Durations) Run(long[] ids, ReadOnlyMemory<float> style, float speed, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ids.Length, LongestPiece + 2);
        if (!TakesSpeed)
            ArgumentOutOfRangeException.ThrowIfNotEqual(speed, 1);
        using OrtValue idValue = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
        using OrtValue styleValue = OrtValue.CreateTensorValueFromMemory(style.ToArray(), [1, style.Length]);
        using OrtValue speedValue = TakesSpeed ? OrtValue.CreateTensorValueFromMemory([speed], [1]) : OrtValue.CreateTensorValueFromMemory([1], [1]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = model.Run(inputNames, [idValue, styleValue, speedValue], outputNames, cancel);
        return (outputs[0].GetTensorDataAsSpan<float>().ToArray(), HasDurations ? Whole(outputs[1], ids.Length) : []);
    }

    public void Dispose() => model.Dispose();

    private long[] Whole(OrtValue durations, int count)
    {
        long[] whole = durations.GetTensorTypeAndShape().ElementDataType switch
        {
            TensorElementType.Int64 => durations.GetTensorDataAsSpan<long>().ToArray(),
            TensorElementType.Int32 => [.. durations.GetTensorDataAsSpan<int>().ToArray()],
            TensorElementType.Float => [.. durations.GetTensorDataAsSpan<float>().ToArray().Select(value => (long)MathF.Round(value))],
            TensorElementType other => throw new OnnxModelException(model.Path, $"gives durations as {other}."),
        };
        return whole.Length == count ? whole : throw new OnnxModelException(model.Path, $"gives {whole.Length} durations for {count} ids.");
    }
}
