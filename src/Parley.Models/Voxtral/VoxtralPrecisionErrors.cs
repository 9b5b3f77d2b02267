using System.Numerics.Tensors;
using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>How far one stage in one precision is from f32.</summary>
/// <param name="Stage">What is compared.</param>
/// <param name="RootMeanSquare">Of the differences, as a share of that of the values; null where only codes are compared.</param>
/// <param name="Largest">The largest difference, as a share of the largest value; null where only codes are compared.</param>
/// <param name="CodesChanged">Share of the codes that are others than in f32; null where the stage makes none.</param>
public sealed record VoxtralStageError(string Stage, double? RootMeanSquare, double? Largest, double? CodesChanged);

/// <summary>The error that one precision adds, stage by stage.</summary>
public sealed record VoxtralPrecisionError(Precision Precision, IReadOnlyList<VoxtralStageError> Stages);

/// <summary>
/// Measures what a coarser precision adds to each stage: the same weights, the same prompt, and every stage fed what f32 made of the
/// stage before. Only the whole frames are made of the precision's own states.
/// </summary>
public static class VoxtralPrecisionErrors
{
    private const int VoiceFrames = 40, TextTokens = VoxtralBenchmark.TextTokens;
    private const int Frames = 16; // 576 acoustic codes as published: a share of them is known to two per cent or so
    private const string Sentence = "The ferry leaves at half past nine, and the next one not before noon.";

    /// <summary>The errors on random weights, of a random voice and random words.</summary>
    /// <param name="config">The sizes.</param>
    /// <param name="precisions">What to compare with f32.</param>
    /// <param name="folder">Where the compiled graphs lie and stay; f32 takes 14 GB at the published size.</param>
    /// <param name="progress">Of the compilations.</param>
    /// <param name="cancel">Ends it.</param>
    public static IReadOnlyList<VoxtralPrecisionError> OfRandom(
        VoxtralConfig config, IReadOnlyList<Precision> precisions, string folder, IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        float[] rows = new float[VoiceFrames * config.Dim];
        float deviation = MathF.Sqrt((float)VoxtralCodes.PerFrame(config.AudioModel) / config.Dim); // a frame is the sum of one table row for each of its codes
        SeededNoise.Of(1, deviation)(0, rows);
        VoxtralPrompt prompt = new(new("random", "en", rows, VoiceFrames), [.. Enumerable.Range(1000, TextTokens)]);
        return Measure(precision => VoxtralBenchmark.OpenRandom(config, precision, folder, progress, cancel), prompt, precisions, cancel);
    }

    /// <summary>The errors on the weights of a published folder, of a sentence in its first voice.</summary>
    /// <param name="model">The folder.</param>
    /// <param name="precisions">What to compare with f32.</param>
    /// <param name="folder">Where the compiled graphs lie and stay.</param>
    /// <param name="progress">Of the compilations.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="CheckpointException">The folder holds another model.</exception>
    public static IReadOnlyList<VoxtralPrecisionError> OfModel(
        VoxtralFolder model, IReadOnlyList<Precision> precisions, string folder, IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        model.Open().Dispose(); // another model in the folder is named first
        VoxtralConfig config = VoxtralConfig.Read(model.Params);
        VoxtralPrompts prompts = VoxtralPrompts.Read(model, config);
        return Measure(Open, prompts.Prompt(Sentence, prompts.Voices.Values.First()), precisions, cancel);

        Voxtral Open(Precision precision)
        {
            Checkpoint checkpoint = model.Open();
            return Voxtral.Open(config, checkpoint, precision, new(folder, checkpoint.Identity), progress, cancel);
        }
    }

    /// <summary>Never holds two models at a time: f32 alone takes most of a machine's memory.</summary>
    private static List<VoxtralPrecisionError> Measure(
        Func<Precision, Voxtral> open, VoxtralPrompt prompt, IReadOnlyList<Precision> precisions, CancellationToken cancel)
    {
        Stages exact = Run(Precision.F32, null);
        return [.. precisions.Select(precision => new VoxtralPrecisionError(precision, Compare(exact, Run(precision, exact))))];

        Stages Run(Precision precision, Stages? fed)
        {
            using Voxtral model = open(precision);
            return RunStages(model, prompt, fed, cancel);
        }
    }

    /// <summary>What every stage made.</summary>
    /// <param name="Prompt">Hidden states of the prompt, [positions, dim].</param>
    /// <param name="Steps">Hidden states after each frame but the last, [frames - 1, dim].</param>
    /// <param name="Logits">Of the semantic head, on the exact hidden states, [positions + frames - 1, semantic rows].</param>
    /// <param name="Semantic">The codes that they choose.</param>
    /// <param name="Acoustic">Ends of the flow matching's trajectories, from the exact hidden states, [frames, books].</param>
    /// <param name="AcousticCodes">Their codes.</param>
    /// <param name="Codes">Whole frames from this model's own hidden states, [frames, codes].</param>
    private sealed record Stages(float[] Prompt, float[] Steps, float[] Logits, int[] Semantic, float[] Acoustic, int[] AcousticCodes, int[] Codes);

    /// <param name="model">What to run.</param>
    /// <param name="prompt">Read in one piece.</param>
    /// <param name="exact">What f32 made, to feed every stage with; null for f32 itself, which feeds itself.</param>
    /// <param name="cancel">Ends it.</param>
    private static Stages RunStages(Voxtral model, VoxtralPrompt prompt, Stages? exact, CancellationToken cancel)
    {
        VoxtralConfig config = model.Config;
        int dim = config.Dim, perFrame = VoxtralCodes.PerFrame(config.AudioModel), prefix = prompt.PrefixLength * dim;
        float[] steps = new float[(Frames - 1) * dim];
        int[] codes = new int[Frames * perFrame];
        VoxtralEmbeddings embeddings = model.CreateEmbeddings();
        using Acoustic acoustic = new(model);
        using KeyValueBuffers cache = new(model.Decoder.Graph.Cache!, 1, prompt.Length + Frames);
        using GraphRun decoder = model.Decoder.CreateRun();
        decoder.UseCache(cache, 0, 1);
        Span<float> embedded = decoder.Input("embeddings", 1, prompt.Length, dim).Floats;
        prompt.EmbedPrefix(embeddings, embedded[..prefix]);
        prompt.EmbedText(embeddings, embedded[prefix..]);
        decoder.Run(cancel);
        float[] prompted = decoder.Output("hidden").Floats.ToArray();

        ReadOnlySpan<float> state = prompted.AsSpan(^dim..);
        for (int frame = 0; frame < Frames; frame++)
        {
            if (frame > 0)
            {
                embeddings.Frame((exact?.Codes ?? codes).AsSpan((frame - 1) * perFrame, perFrame), decoder.Input("embeddings", 1, 1, dim).Floats);
                decoder.Run(cancel);
                decoder.Output("hidden").Floats.CopyTo(steps.AsSpan((frame - 1) * dim));
                state = steps.AsSpan((frame - 1) * dim, dim);
            }
            (_, int[] semantic, _, int[] books) = acoustic.Run(state, frame, 1, cancel);
            int[] made = [.. semantic, .. books];
            made.CopyTo(codes, frame * perFrame);
        }
        float[] states = [.. exact?.Prompt ?? prompted, .. exact?.Steps ?? steps];
        (float[] logits, int[] chosen, float[] ends, int[] quantised) = acoustic.Run(states, 0, Frames, cancel);
        return new(prompted, steps, logits, chosen, ends, quantised, codes);
    }

    /// <summary>Semantic head and flow matching, on any hidden states.</summary>
    private sealed class Acoustic(Voxtral model) : IDisposable
    {
        private readonly VoxtralConfig config = model.Config;
        private readonly GraphRun head = model.Head.CreateRun();
        private readonly VoxtralFlow flow = model.CreateFlow();
        private readonly VoxtralNoise noise = SeededNoise.Of(1, model.Config.Acoustic.NoiseDeviation);

        /// <param name="states">[rows, dim], all for the semantic head.</param>
        /// <param name="first">The frame, by which the noise is drawn, of the first state that goes through the flow matching.</param>
        /// <param name="frames">States that do: the last ones.</param>
        /// <param name="cancel">Ends it.</param>
        public (float[] Logits, int[] Semantic, float[] Ends, int[] AcousticCodes) Run(ReadOnlySpan<float> states, int first, int frames, CancellationToken cancel)
        {
            int rows = states.Length / config.Dim, books = config.AudioModel.NAcousticCodebook;
            states.CopyTo(head.Input("hidden", rows, config.Dim).Floats);
            head.Run(cancel);
            float[] logits = head.Output("semantic_logits").Floats.ToArray();
            float[] ends = new float[frames * books];
            for (int frame = 0; frame < frames; frame++)
                noise(first + frame, ends.AsSpan(frame * books, books));
            flow.Integrate(head.Output("llm").Floats[^(frames * config.Dim)..], ends, new(new VoxtralOptions().CfgAlpha, config.Acoustic.EulerSteps), cancel);
            return (
                logits, [.. logits.Chunk(config.SemanticRows).Select(row => VoxtralBatch.SemanticCode(row, config.AudioModel.SemanticCodebookSize))],
                ends, [.. ends.Select(end => VoxtralCodes.Quantize(end, config.AudioModel.AcousticCodebookSize))]);
        }

        public void Dispose()
        {
            head.Dispose();
            flow.Dispose();
        }
    }

    private static VoxtralStageError[] Compare(Stages exact, Stages coarse)
    {
        int perFrame = exact.Codes.Length / Frames;
        return
        [
            Error("decoder, prompt", exact.Prompt, coarse.Prompt),
            Error("decoder, steps with cache", exact.Steps, coarse.Steps),
            Error("semantic head", exact.Logits, coarse.Logits) with { CodesChanged = Changed(exact.Semantic, coarse.Semantic) },
            Error("flow matching", exact.Acoustic, coarse.Acoustic) with { CodesChanged = Changed(exact.AcousticCodes, coarse.AcousticCodes) },
            new("first frame, running free", null, null, Changed(exact.Codes[..perFrame], coarse.Codes[..perFrame])),
            new($"{Frames} frames, each after the exact ones", null, null, Changed(exact.Codes, coarse.Codes)),
        ];
    }

    private static VoxtralStageError Error(string stage, float[] exact, float[] coarse)
    {
        float[] differences = new float[exact.Length];
        TensorPrimitives.Subtract(coarse, exact, differences);
        double largest = Math.Abs(TensorPrimitives.MaxMagnitude<float>(differences)), range = Math.Abs(TensorPrimitives.MaxMagnitude<float>(exact));
        return new(stage, Math.Sqrt(SumOfSquares(differences) / SumOfSquares(exact)), largest / range, null);

        static double SumOfSquares(float[] values) => values.Sum(value => (double)value * value);
    }

    private static double Changed(int[] exact, int[] coarse) => (double)exact.Zip(coarse).Count(pair => pair.First != pair.Second) / exact.Length;
}
