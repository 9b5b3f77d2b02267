using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>Every tensor of the checkpoint, by the names of the published file (Mistral's own layout).</summary>
internal sealed record VoxtralWeights(
    Weight TokenEmbeddings, Weight AudioCodeEmbeddings, DecoderWeights Decoder, AcousticWeights Acoustic, CodecWeights Codec)
{
    /// <summary>The withheld encoder, which community checkpoints add, and a table that the reference computes.</summary>
    public static readonly string[] Unused =
        ["audio_tokenizer.input_proj.", "audio_tokenizer.encoder_blocks.", "acoustic_transformer.time_embedding."];

    public static VoxtralWeights Bind(Checkpoint root, VoxtralConfig c) => new(
        TokenEmbeddings: root.Contains("tok_embeddings.weight") // repacks move it up
            ? root.Weight("tok_embeddings.weight", c.VocabSize, c.Dim)
            : root.Weight("mm_audio_embeddings.tok_embeddings.weight", c.VocabSize, c.Dim),
        AudioCodeEmbeddings: root.Weight("mm_audio_embeddings.audio_codebook_embeddings.embeddings.weight", c.AudioCodeRows, c.Dim),
        Decoder: DecoderWeights.Bind(root, c),
        Acoustic: AcousticWeights.Bind(root.Under("acoustic_transformer"), c),
        Codec: CodecWeights.Bind(root.Under("audio_tokenizer"), c.Codec));
}

/// <summary>A Mistral block: of the text decoder, and of the acoustic transformer.</summary>
internal sealed record BlockWeights(
    Weight AttentionNorm, Weight Query, Weight Key, Weight Value, Weight Output,
    Weight FeedForwardNorm, Weight Gate, Weight Up, Weight Down)
{
    public static BlockWeights Bind(Checkpoint block, int dim, int heads, int kvHeads, int headDim, int hiddenDim) => new(
        AttentionNorm: block.Weight("attention_norm.weight", dim),
        Query: block.Weight("attention.wq.weight", heads * headDim, dim),
        Key: block.Weight("attention.wk.weight", kvHeads * headDim, dim),
        Value: block.Weight("attention.wv.weight", kvHeads * headDim, dim),
        Output: block.Weight("attention.wo.weight", dim, heads * headDim),
        FeedForwardNorm: block.Weight("ffn_norm.weight", dim),
        Gate: block.Weight("feed_forward.w1.weight", hiddenDim, dim),
        Up: block.Weight("feed_forward.w3.weight", hiddenDim, dim), // the file counts w1, w2, w3: gate, down, up
        Down: block.Weight("feed_forward.w2.weight", dim, hiddenDim));
}

/// <summary>The text decoder. There is no output head: its hidden state goes to the acoustic part.</summary>
internal sealed record DecoderWeights(BlockWeights[] Layers, Weight Norm)
{
    public static DecoderWeights Bind(Checkpoint root, VoxtralConfig c) => new(
        [.. Enumerable.Range(0, c.NLayers).Select(i =>
            BlockWeights.Bind(root.Under($"layers.{i}"), c.Dim, c.NHeads, c.NKvHeads, c.HeadDim, c.HiddenDim))],
        root.Weight("norm.weight", c.Dim));
}

/// <summary>The semantic head and the flow-matching transformer.</summary>
internal sealed record AcousticWeights(
    Weight InputProjection, Weight TimeProjection, Weight LlmProjection, BlockWeights[] Layers, Weight Norm,
    Weight SemanticOutput, Weight AcousticOutput)
{
    public static AcousticWeights Bind(Checkpoint root, VoxtralConfig c)
    {
        VoxtralAcoustic a = c.Acoustic;
        int books = c.AudioModel.NAcousticCodebook;
        return new(
            InputProjection: root.Weight("input_projection.weight", a.Dim, books).AtLeast(Precision.F32),
            TimeProjection: root.Weight("time_projection.weight", a.Dim, a.Dim),
            LlmProjection: root.Weight("llm_projection.weight", a.Dim, a.InputDim),
            Layers: [.. Enumerable.Range(0, a.NLayers).Select(i =>
                BlockWeights.Bind(root.Under($"layers.{i}"), a.Dim, a.NHeads, a.NKvHeads, a.HeadDim, a.HiddenDim))],
            Norm: root.Weight("norm.weight", a.Dim),
            SemanticOutput: root.Weight("semantic_codebook_output.weight", c.SemanticRows, a.Dim).AtLeast(Precision.Q8), // decides the words and the end
            AcousticOutput: root.Weight("acoustic_codebook_output.weight", books, a.Dim).AtLeast(Precision.F32));
    }
}

/// <summary>The codec's decoder: convolutions that go up in rate, transformers between them.</summary>
internal sealed record CodecWeights(Weight EmbeddingSum, Weight ClusterUsage, CodecBlockWeights[] Blocks, Weight OutputProjection)
{
    public static CodecWeights Bind(Checkpoint root, VoxtralCodecConfig c)
    {
        Checkpoint codebook = root.Under("quantizer.semantic_codebook");
        return new(
            EmbeddingSum: codebook.Weight("embedding_sum", c.SemanticCodebookSize, c.SemanticDim),
            ClusterUsage: codebook.Weight("cluster_usage", c.SemanticCodebookSize),
            Blocks: [.. Enumerable.Range(0, c.Strides.Length).Select(i => CodecBlockWeights.Bind(root, i, c))],
            OutputProjection: Convolution(root.Under("output_proj.conv"), c.PretransformPatchSize, c.Dim, c.PatchProjKernelSize));
    }

    /// <summary>
    /// A convolution whose weight is kept as direction and length: w = g · v / ‖v‖, the norm over all but the first axis. Folded here.
    /// </summary>
    public static Weight Convolution(Checkpoint conv, int first, int second, int taps)
    {
        Weight length = conv.Weight("parametrizations.weight.original0", first, 1, 1);
        Weight direction = conv.Weight("parametrizations.weight.original1", first, second, taps);
        return Weight.Computed($"{direction.Name}.folded", [first, second, taps], () => Fold(length.ReadF32(), direction.ReadF32()));
    }

    private static float[] Fold(float[] lengths, float[] directions)
    {
        int row = directions.Length / lengths.Length;
        for (int i = 0; i < lengths.Length; i++)
        {
            double squares = 0;
            for (int j = i * row; j < (i + 1) * row; j++)
                squares += (double)directions[j] * directions[j];
            float factor = (float)(lengths[i] / Math.Sqrt(squares));
            for (int j = i * row; j < (i + 1) * row; j++)
                directions[j] *= factor;
        }
        return directions;
    }
}

/// <summary>One convolution (plain in the first block, transposed in the others) and the transformer layers after it.</summary>
internal sealed record CodecBlockWeights(Weight Convolution, CodecLayerWeights[] Layers)
{
    public static CodecBlockWeights Bind(Checkpoint root, int block, VoxtralCodecConfig c)
    {
        Checkpoint conv = root.Under($"decoder_blocks.{2 * block}.conv"), layers = root.Under($"decoder_blocks.{2 * block + 1}.layers");
        return new(
            block == 0
                ? CodecWeights.Convolution(conv, c.Dim, c.LatentDim, c.Kernels[0])  // [out, in, taps]
                : CodecWeights.Convolution(conv, c.Dim, c.Dim, c.Kernels[block]),   // transposed: [in, out, taps]
            [.. Enumerable.Range(0, c.TransformerLengths[block]).Select(i => CodecLayerWeights.Bind(layers.Under($"{i}"), c))]);
    }
}

internal sealed record CodecLayerWeights(
    Weight AttentionNorm, Weight Query, Weight Key, Weight Value, Weight Output, Weight QueryNorm, Weight KeyNorm, Weight AttentionScale,
    Weight FeedForwardNorm, Weight Gate, Weight Up, Weight Down, Weight FeedForwardScale)
{
    public static CodecLayerWeights Bind(Checkpoint layer, VoxtralCodecConfig c) => new(
        AttentionNorm: layer.Weight("attention_norm.weight", c.Dim),
        Query: layer.Weight("attention.wq.weight", c.AttentionDim, c.Dim),
        Key: layer.Weight("attention.wk.weight", c.AttentionDim, c.Dim),
        Value: layer.Weight("attention.wv.weight", c.AttentionDim, c.Dim),
        Output: layer.Weight("attention.wo.weight", c.Dim, c.AttentionDim),
        QueryNorm: layer.Weight("attention.q_norm.weight", c.AttentionDim), // over all heads together
        KeyNorm: layer.Weight("attention.k_norm.weight", c.AttentionDim),
        AttentionScale: layer.Weight("attention_scale", c.Dim),
        FeedForwardNorm: layer.Weight("ffn_norm.weight", c.Dim),
        Gate: layer.Weight("feed_forward.w1.weight", c.HiddenDim, c.Dim),
        Up: layer.Weight("feed_forward.w3.weight", c.HiddenDim, c.Dim),
        Down: layer.Weight("feed_forward.w2.weight", c.Dim, c.HiddenDim),
        FeedForwardScale: layer.Weight("ffn_scale", c.Dim));
}
