using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>Takes the samples of an utterance.</summary>
/// <param name="utterance">Whose they are.</param>
/// <param name="samples">At the model's rate, about -1 to 1, not clipped; valid only during the call.</param>
public delegate void VoxtralSamplesReceiver(VoxtralUtterance utterance, ReadOnlySpan<float> samples);

/// <summary>
/// Utterances that advance together, a codec frame at a time, so that the weights are read once for all of them. Utterances may join
/// and leave between two steps. Not thread-safe: one thread owns a batch.
/// </summary>
public sealed class VoxtralBatch : IDisposable
{
    private readonly Voxtral model;
    private readonly VoxtralConfig config;
    private readonly VoxtralEmbeddings embeddings;
    private readonly VoxtralFlow flow;
    private readonly KeyValueBuffers cache;
    private readonly GraphRun prefill;
    private readonly GraphRun decoder;
    private readonly GraphRun head;
    private readonly VoxtralCodecRun codec;
    private readonly List<VoxtralUtterance> active = [];

    internal VoxtralBatch(Voxtral model, int slots)
    {
        this.model = model;
        config = model.Config;
        embeddings = model.CreateEmbeddings();
        flow = model.CreateFlow();
        cache = new(model.Decoder.Graph.Cache!, slots, Voxtral.MaxPositions);
        prefill = model.Decoder.CreateRun();
        decoder = model.Decoder.CreateRun();
        head = model.Head.CreateRun();
        codec = model.Codec.CreateRun();
    }

    /// <summary>Utterances that it has room for.</summary>
    public int Slots => cache.Slots;

    /// <summary>Steps so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Utterances that go on, in the order of their slots.</summary>
    public IReadOnlyList<VoxtralUtterance> Active => active;

    /// <summary>Reads a prompt. The voice's part is computed once and shared; only the text is new.</summary>
    /// <exception cref="InvalidOperationException">All slots are taken.</exception>
    /// <exception cref="ArgumentException">The prompt is longer than the model's positions.</exception>
    public VoxtralUtterance Start(VoxtralPrompt prompt, VoxtralOptions options, CancellationToken cancel) =>
        Start(prompt, options, SeededNoise.Of(options.Seed, config.Acoustic.NoiseDeviation), cancel);

    internal VoxtralUtterance Start(VoxtralPrompt prompt, VoxtralOptions options, VoxtralNoise noise, CancellationToken cancel)
    {
        if (active.Count == Slots)
            throw new InvalidOperationException($"All {Slots} slots of the batch are taken.");
        if (prompt.Length >= Voxtral.MaxPositions)
            throw new ArgumentException($"The prompt has {prompt.Length} positions, the model has {Voxtral.MaxPositions}. Split the text.", nameof(prompt));
        int slot = active.Count, tokens = prompt.Length - prompt.PrefixLength;
        model.CopyPrefix(prompt, embeddings, cache, slot, cancel);
        prefill.UseCache(cache, slot, 1);
        prompt.EmbedText(embeddings, prefill.Input("embeddings", 1, tokens, config.Dim).Floats);
        prefill.Run(cancel);
        VoxtralUtterance utterance = new(slot, options, noise, codec.CreateStream(), config.Dim, VoxtralCodes.PerFrame(config.AudioModel));
        prefill.Output("hidden").Floats[^config.Dim..].CopyTo(utterance.Hidden); // frame 0 follows from the last prompt position
        active.Add(utterance);
        return utterance;
    }

    /// <summary>
    /// Makes one frame of every utterance. Those that end leave the batch; their last frames may still have to be decoded.
    /// </summary>
    public void Step(CancellationToken cancel)
    {
        if (active.Count == 0)
            return;
        ChooseCodes(cancel);
        RemoveEnded();
        Advance(cancel);
        Steps++;
    }

    /// <summary>
    /// Decodes all pending frames of some utterances; those with as many pending go through the codec together. An utterance may have
    /// ended.
    /// </summary>
    public void TakeSamples(IEnumerable<VoxtralUtterance> utterances, VoxtralSamplesReceiver receive, CancellationToken cancel)
    {
        foreach (IGrouping<int, VoxtralUtterance> group in utterances.Where(utterance => utterance.PendingFrames > 0).GroupBy(utterance => utterance.PendingFrames))
        {
            VoxtralUtterance[] members = [.. group];
            List<int> codes = [];
            foreach (VoxtralUtterance member in members)
                codes.AddRange(member.PendingCodes);
            ReadOnlySpan<float> samples = codec.Decode([.. members.Select(member => member.Stream)], CollectionsMarshal.AsSpan(codes), cancel);
            int each = samples.Length / members.Length;
            for (int i = 0; i < members.Length; i++)
            {
                members[i].MarkDecoded();
                receive(members[i], samples.Slice(i * each, each));
            }
        }
    }

    /// <summary>As <see cref="Step"/>, with the times of its two halves.</summary>
    internal (TimeSpan Acoustic, TimeSpan Decoder) TimedStep(CancellationToken cancel)
    {
        long begin = Stopwatch.GetTimestamp();
        ChooseCodes(cancel);
        RemoveEnded();
        TimeSpan acoustic = Stopwatch.GetElapsedTime(begin);
        Advance(cancel);
        return (acoustic, Stopwatch.GetElapsedTime(begin) - acoustic);
    }

    /// <summary>The next frame of every utterance from the decoder's states: semantic code, then the acoustic ones.</summary>
    private void ChooseCodes(CancellationToken cancel)
    {
        int dim = config.Dim;
        Span<float> hidden = head.Input("hidden", active.Count, dim).Floats;
        for (int i = 0; i < active.Count; i++)
            active[i].Hidden.CopyTo(hidden[(i * dim)..]);
        head.Run(cancel);
        ReadOnlySpan<float> logits = head.Output("semantic_logits").Floats, llm = head.Output("llm").Floats;

        List<(VoxtralUtterance Utterance, int Semantic, int Row)> speaking = [];
        for (int i = 0; i < active.Count; i++)
        {
            int semantic = SemanticCode(logits.Slice(i * config.SemanticRows, config.SemanticRows), config.AudioModel.SemanticCodebookSize);
            if (semantic == VoxtralCodes.EndAudio)
                active[i].End = VoxtralEnd.EndOfSpeech; // the end frame carries no sound and is not fed back
            else
                speaking.Add((active[i], semantic, i));
        }
        foreach (var group in speaking.GroupBy(entry => FlowOf(entry.Utterance)))
            AddFrames([.. group], llm, group.Key, cancel);
    }

    /// <summary>Takes an utterance out before its end.</summary>
    public void Cancel(VoxtralUtterance utterance)
    {
        if (!active.Contains(utterance))
            return;
        utterance.End = VoxtralEnd.Length;
        RemoveEnded();
    }

    /// <summary>The best code. EMPTY_AUDIO and the padding rows are never chosen; END_AUDIO competes like any code; the first of equals wins.</summary>
    internal static int SemanticCode(ReadOnlySpan<float> logits, int codes) =>
        VoxtralCodes.EndAudio + TensorPrimitives.IndexOfMax(logits[VoxtralCodes.EndAudio..(codes + VoxtralCodes.Marks)]);

    private FlowOptions FlowOf(VoxtralUtterance utterance) => new(utterance.Options.CfgAlpha, utterance.Options.Steps ?? config.Acoustic.EulerSteps);

    private void AddFrames(
        (VoxtralUtterance Utterance, int Semantic, int Row)[] rows, ReadOnlySpan<float> llm, FlowOptions options, CancellationToken cancel)
    {
        int books = config.AudioModel.NAcousticCodebook, dim = config.Dim;
        float[] x = new float[rows.Length * books], conditions = new float[rows.Length * dim];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i].Utterance.Noise(rows[i].Utterance.Frames, x.AsSpan(i * books, books));
            llm.Slice(rows[i].Row * dim, dim).CopyTo(conditions.AsSpan(i * dim));
        }
        flow.Integrate(conditions, x, options, cancel);
        Span<int> frame = stackalloc int[1 + books];
        for (int i = 0; i < rows.Length; i++)
        {
            frame[0] = rows[i].Semantic;
            for (int book = 0; book < books; book++)
                frame[1 + book] = VoxtralCodes.Quantize(x[i * books + book], config.AudioModel.AcousticCodebookSize);
            VoxtralUtterance utterance = rows[i].Utterance;
            utterance.Add(frame);
            if (utterance.Frames >= utterance.Options.MaxCodecFrames || cache.Length(utterance.Slot) >= cache.Capacity)
                utterance.End = VoxtralEnd.Length;
        }
    }

    /// <summary>Slots stay a run without holes: the last one moves into the place of one that ended.</summary>
    private void RemoveEnded()
    {
        for (int i = active.Count - 1; i >= 0; i--)
        {
            if (active[i].End == VoxtralEnd.None)
                continue;
            VoxtralUtterance last = active[^1];
            if (last != active[i])
            {
                cache.CopyFrom(cache, last.Slot, i, cache.Length(last.Slot));
                last.Slot = i;
                active[i] = last;
            }
            active.RemoveAt(active.Count - 1);
        }
    }

    /// <summary>Feeds the new frames back: the decoder's next state of every utterance.</summary>
    private void Advance(CancellationToken cancel)
    {
        if (active.Count == 0)
            return;
        int dim = config.Dim;
        decoder.UseCache(cache, 0, active.Count);
        Span<float> inputs = decoder.Input("embeddings", active.Count, 1, dim).Floats;
        for (int i = 0; i < active.Count; i++)
            embeddings.Frame(active[i].LastFrame, inputs.Slice(i * dim, dim));
        decoder.Run(cancel);
        ReadOnlySpan<float> hidden = decoder.Output("hidden").Floats;
        for (int i = 0; i < active.Count; i++)
            hidden.Slice(i * dim, dim).CopyTo(active[i].Hidden);
    }

    public void Dispose()
    {
        prefill.Dispose();
        decoder.Dispose();
        head.Dispose();
        codec.Dispose();
        flow.Dispose();
        cache.Dispose();
    }
}
