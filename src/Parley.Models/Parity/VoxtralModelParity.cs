using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Models.Parity;

/// <summary>One checkpoint of Voxtral beside the reference's results, from embeddings to the waveform, in f32.</summary>
internal static class VoxtralModelParity
{
    private const double Tolerance = 2e-5;         // of the largest value: f32 sums in another order
    private const double WaveformTolerance = 1e-4; // absolute; samples are below 1

    public static IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel)
    {
        VoxtralConfig config = VoxtralConfig.Read(Path.Combine(folder, "params.json"));
        using Checkpoint checkpoint = new VoxtralFolder(folder).Open();
        using Checkpoint expected = Checkpoint.Open(Path.Combine(folder, "expected.safetensors"));
        VoxtralWeights weights = checkpoint.Bind(root => VoxtralWeights.Bind(root, config), VoxtralWeights.Unused);
        VoxtralVoice[] voices = [.. Directory.EnumerateFiles(Path.Combine(folder, "voice_embedding"), "*.pt").Order(StringComparer.Ordinal)
            .Select(path => VoxtralVoice.Read(path, config.Dim))];
        Case model = new(config, weights, voices, expected);

        IEnumerable<ParityRow> rows = [
            .. Voices(model), .. Backbone(model, cancel), .. Frame(model, cancel), .. Codec(model, cancel), .. Generation(model, folder, cancel)];
        foreach (ParityRow row in rows)
            yield return row;
    }

    private sealed record Case(VoxtralConfig Config, VoxtralWeights Weights, VoxtralVoice[] Voices, Checkpoint Expected)
    {
        public float[] this[string name] => Expected.Tensor(name).ReadF32();

        public int[] Codes(string name) => [.. Expected.Tensor(name).ReadI64().Select(code => (int)code)];

        public VoxtralEmbeddings Embeddings => new(Config, Weights.TokenEmbeddings, Weights.AudioCodeEmbeddings);
    }

    private static IEnumerable<ParityRow> Voices(Case model)
    {
        foreach (VoxtralVoice voice in model.Voices)
        {
            yield return ParityRow.Within($"voice.{voice.Name}.rows", model[$"voice.{voice.Name}.rows"], voice.Rows, 0);
            float[] summed = EmbedFrames(model, model.Codes($"voice.{voice.Name}.codes"));
            yield return ParityRow.WithinLargest($"voice.{voice.Name} from its codes", voice.Rows, summed, 0.01); // the file is rounded to bf16
        }
    }

    private static IEnumerable<ParityRow> Backbone(Case model, CancellationToken cancel)
    {
        VoxtralConfig config = model.Config;
        int[] ids = model.Codes("backbone.prompt_ids");
        VoxtralVoice voice = model.Voices.Single(voice => ids.Count(id => id == VoxtralPrompt.Audio) == voice.Frames);
        VoxtralPrompt prompt = new(voice, ids[(2 + voice.Frames + 1)..^2]);
        yield return ParityRow.Identical("backbone.prompt_ids", ids, [.. prompt.Ids]);
        float[] embedded = Embed(model, prompt);
        yield return ParityRow.WithinLargest("backbone.prompt_embeddings", model["backbone.prompt_embeddings"], embedded, Tolerance);

        using GraphSession session = VoxtralDecoderGraph.Build(config, model.Weights.Decoder, Precision.F32, withLayers: true).Open(cancel);
        using GraphSession head = VoxtralAcousticGraph.BuildHead(config, model.Weights.Acoustic, Precision.F32).Open(cancel);
        using KeyValueBuffers cache = new(session.Graph.Cache!, 1, 256);
        using GraphRun run = session.CreateRun();
        run.UseCache(cache, 0, 1);
        embedded.CopyTo(run.Input("embeddings", 1, ids.Length, config.Dim).Floats);
        run.Run(cancel);
        yield return ParityRow.WithinLargest("backbone.prefill_layers", model["backbone.prefill_layers"],
            [.. Enumerable.Range(0, config.NLayers).SelectMany(layer => run.Output($"layer.{layer}").Floats.ToArray())], Tolerance);
        yield return ParityRow.WithinLargest("backbone.prefill_hidden", model["backbone.prefill_hidden"], run.Output("hidden").Floats, Tolerance);

        float[] stepEmbeddings = EmbedFrames(model, model.Codes("backbone.step_codes"));
        yield return ParityRow.WithinLargest("backbone.step_embeddings", model["backbone.step_embeddings"], stepEmbeddings, Tolerance);
        List<float> layers = [], hidden = [], logits = [.. Semantic(run.Output("hidden").Floats[^config.Dim..])];
        for (int step = 0; step < stepEmbeddings.Length / config.Dim; step++)
        {
            stepEmbeddings.AsSpan(step * config.Dim, config.Dim).CopyTo(run.Input("embeddings", 1, 1, config.Dim).Floats);
            run.Run(cancel);
            for (int layer = 0; layer < config.NLayers; layer++)
                layers.AddRange(run.Output($"layer.{layer}").Floats);
            hidden.AddRange(run.Output("hidden").Floats);
            logits.AddRange(Semantic(run.Output("hidden").Floats));
        }
        yield return ParityRow.WithinLargest("backbone.step_layers", model["backbone.step_layers"], [.. layers], Tolerance);
        yield return ParityRow.WithinLargest("backbone.step_hidden", model["backbone.step_hidden"], [.. hidden], Tolerance);
        yield return ParityRow.WithinLargest("backbone.semantic_logits", model["backbone.semantic_logits"], [.. logits], Tolerance);

        float[] Semantic(ReadOnlySpan<float> state) => head.Run(("hidden", state.ToArray(), [1, config.Dim]))["semantic_logits"];
    }

    private static IEnumerable<ParityRow> Frame(Case model, CancellationToken cancel)
    {
        VoxtralConfig config = model.Config;
        AcousticWeights acoustic = model.Weights.Acoustic;
        int steps = config.Acoustic.EulerSteps, books = config.AudioModel.NAcousticCodebook, dim = config.Dim;
        float[] times = new float[(steps + 1) * dim];
        for (int step = 0; step <= steps; step++)
            VoxtralTimeTokens.Embed((float)step / steps, times.AsSpan(step * dim, dim));
        yield return ParityRow.WithinLargest("frame.time_embedding", model["frame.time_embedding"], times, Tolerance);

        using GraphSession head = VoxtralAcousticGraph.BuildHead(config, acoustic, Precision.F32).Open(cancel);
        using GraphSession entry = VoxtralAcousticGraph.BuildEntry(config, acoustic, Precision.F32).Open(cancel);
        using GraphSession layered = VoxtralAcousticGraph.BuildFlow(config, acoustic, Precision.F32, withLayers: true).Open(cancel);
        using GraphSession plain = VoxtralAcousticGraph.BuildFlow(config, acoustic, Precision.F32).Open(cancel);
        float[] llm = head.Run(("hidden", model["frame.hidden"], [1, dim]))["llm"];
        yield return ParityRow.WithinLargest("frame.llm_projected", model["frame.llm_projected"], llm, Tolerance);

        VoxtralTimeTokens timeTokens = new(config, entry, acoustic.TimeProjection);
        using VoxtralFlow whole = new(config, entry, layered, timeTokens), saving = new(config, entry, plain, timeTokens);
        foreach ((string name, VoxtralFlow flow) in new[] { ("every token kept", whole), ("as used", saving) })
        {
            List<float> trajectory = [], guided = [], unguided = [], mixed = [];
            Dictionary<int, float[]> layersOf = [];
            flow.Observe = (step, x, v) =>
            {
                trajectory.AddRange(x);
                guided.AddRange(v[..books]);
                unguided.AddRange(v[books..]);
                for (int i = 0; i < books; i++)
                    mixed.Add(1.2f * v[i] + (1 - 1.2f) * v[books + i]);
                if (flow == whole)
                    layersOf[step] = [.. Enumerable.Range(0, config.Acoustic.NLayers).SelectMany(layer => flow.Velocity.Output($"layer.{layer}").Floats.ToArray())];
            };
            float[] x = model["frame.noise"];
            flow.Integrate(llm, x, new(1.2f, steps), cancel);
            trajectory.AddRange(x);
            yield return ParityRow.WithinLargest($"frame.x, {name}", model["frame.x"], [.. trajectory], Tolerance);
            yield return ParityRow.WithinLargest($"frame.v_cond, {name}", model["frame.v_cond"], [.. guided], Tolerance);
            yield return ParityRow.WithinLargest($"frame.v_uncond, {name}", model["frame.v_uncond"], [.. unguided], Tolerance);
            yield return ParityRow.WithinLargest($"frame.v, {name}", model["frame.v"], [.. mixed], Tolerance);
            foreach ((int step, float[] layers) in layersOf.Where(entry => entry.Key is 0 or 3))
                yield return ParityRow.WithinLargest($"frame.layers_step{step}", model[$"frame.layers_step{step}"], layers, Tolerance);
            yield return ParityRow.Identical($"frame.codes, {name}", model.Codes("frame.codes")[1..], Quantize(x));
        }
        saving.Observe = null;
        foreach (int alpha in new[] { 1, 2 })
        {
            float[] x = model["frame.noise"];
            saving.Integrate(llm, x, new(alpha, steps), cancel);
            yield return ParityRow.WithinLargest($"frame.x_alpha{alpha}", model[$"frame.x_alpha{alpha}"], x, Tolerance);
            yield return ParityRow.Identical($"frame.codes_alpha{alpha}", model.Codes($"frame.codes_alpha{alpha}")[1..], Quantize(x));
        }

        int[] Quantize(float[] x) => [.. x.Select(value => VoxtralCodes.Quantize(value, config.AudioModel.AcousticCodebookSize))];
    }

    private static IEnumerable<ParityRow> Codec(Case model, CancellationToken cancel)
    {
        VoxtralCodecConfig config = model.Config.Codec;
        yield return ParityRow.WithinLargest("codec.semantic_codebook", model["codec.semantic_codebook"], VoxtralCodec.Codebook(model.Weights.Codec), Tolerance);
        using VoxtralCodec codec = new(config, model.Weights.Codec, VoxtralCodecGraph.Build(config, model.Weights.Codec, withBlocks: true).Open(cancel));
        foreach (string name in model.Expected.Names.Where(name => name.StartsWith("codec.T", StringComparison.Ordinal) && name.EndsWith(".codes", StringComparison.Ordinal)))
        {
            string length = name[..^".codes".Length];
            int[] codes = model.Codes(name);
            int perFrame = 1 + config.AcousticDim;
            using VoxtralCodecRun run = codec.CreateRun();
            float[] samples = run.Decode([run.CreateStream()], codes, cancel).ToArray();
            foreach (string stage in model.Expected.Under(length).Names.Where(stage => stage.StartsWith("block", StringComparison.Ordinal)))
                yield return ParityRow.WithinLargest($"{length}.{stage}", model[$"{length}.{stage}"], run.Output(stage), Tolerance);
            yield return ParityRow.Within($"{length}.waveform", model[$"{length}.waveform"], samples, WaveformTolerance);
            foreach (int chunk in new[] { 1, 3 })
            {
                VoxtralCodecStream stream = run.CreateStream();
                List<float> streamed = [];
                for (int first = 0; first < codes.Length; first += chunk * perFrame)
                    streamed.AddRange(run.Decode([stream], codes.AsSpan(first, Math.Min(chunk * perFrame, codes.Length - first)), cancel));
                yield return ParityRow.Within($"{length}.waveform, streamed in {chunk}", model[$"{length}.waveform"], [.. streamed], WaveformTolerance);
            }
        }
    }

    /// <summary>A whole utterance, running free: every decision is taken here, only the noise is the reference's.</summary>
    private static IEnumerable<ParityRow> Generation(Case model, string folder, CancellationToken cancel)
    {
        int[] ids = model.Codes("generation.prompt_ids"), codes = model.Codes("generation.codes");
        VoxtralVoice voice = model.Voices.Single(voice => ids.Count(id => id == VoxtralPrompt.Audio) == voice.Frames);
        VoxtralPrompt prompt = new(voice, ids[(2 + voice.Frames + 1)..^2]);
        int books = model.Config.AudioModel.NAcousticCodebook, perFrame = 1 + books, frames = codes.Length / perFrame - 1;
        yield return ParityRow.WithinLargest("generation.prompt_embeddings", model["generation.prompt_embeddings"], Embed(model, prompt), Tolerance);
        yield return ParityRow.WithinLargest("generation.feedback", model["generation.feedback"], EmbedFrames(model, codes[..(frames * perFrame)]), Tolerance);

        float[] noise = model["generation.noise"];
        using Voxtral.Voxtral voxtral = Voxtral.Voxtral.Open(model.Config, new VoxtralFolder(folder).Open(), Precision.F32, cancel: cancel);
        using VoxtralBatch batch = voxtral.CreateBatch(2);
        VoxtralUtterance utterance = batch.Start(prompt, new() { MaxCodecFrames = frames + 1 }, (frame, values) => noise.AsSpan(frame * books, books).CopyTo(values), cancel);
        List<float> hidden = [], samples = [];
        while (utterance.End == VoxtralEnd.None)
        {
            hidden.AddRange(utterance.Hidden);
            batch.Step(cancel);
            batch.TakeSamples([utterance], (_, made) => samples.AddRange(made), cancel);
        }
        yield return ParityRow.WithinLargest("generation.hidden", model["generation.hidden"], [.. hidden], Tolerance);
        yield return ParityRow.Identical("generation.codes", codes[..(frames * perFrame)], [.. utterance.Codes]);
        yield return ParityRow.Within("generation.waveform", model["generation.waveform"], [.. samples], WaveformTolerance);
    }

    private static float[] Embed(Case model, VoxtralPrompt prompt)
    {
        int dim = model.Config.Dim, prefix = prompt.PrefixLength * dim;
        float[] rows = new float[prompt.Length * dim];
        prompt.EmbedPrefix(model.Embeddings, rows.AsSpan(0, prefix));
        prompt.EmbedText(model.Embeddings, rows.AsSpan(prefix));
        return rows;
    }

    private static float[] EmbedFrames(Case model, int[] codes)
    {
        int dim = model.Config.Dim, perFrame = VoxtralCodes.PerFrame(model.Config.AudioModel);
        float[] rows = new float[codes.Length / perFrame * dim];
        for (int frame = 0; frame < codes.Length / perFrame; frame++)
            model.Embeddings.Frame(codes.AsSpan(frame * perFrame, perFrame), rows.AsSpan(frame * dim, dim));
        return rows;
    }
}
