using System.Numerics.Tensors;
using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>How a family of files names the same tensors; <see cref="Root"/> and the layers' numbers come in front.</summary>
internal sealed record WhisperNaming(
    string Layers, string SelfAttention, string CrossAttention, string Query, string Key, string Value, string Output,
    string SelfNorm, string CrossNorm, string FeedForwardNorm, string Rise, string Fall, string AudioNorm, string TextNorm,
    string Positions, string Tokens)
{
    /// <summary>What stands before <c>encoder</c> and <c>decoder</c>: "", <c>model</c>, <c>model_state_dict</c>.</summary>
    public string Root { get; init; } = "";

    /// <summary>openai/whisper: whisper/model.py; also in whisper.cpp's files.</summary>
    public static WhisperNaming OpenAi { get; } = new(
        "blocks", "attn", "cross_attn", "query", "key", "value", "out",
        "attn_ln", "cross_attn_ln", "mlp_ln", "mlp.0", "mlp.2", "ln_post", "ln", "positional_embedding", "token_embedding.weight");

    /// <summary>huggingface/transformers: models/whisper/modeling_whisper.py.</summary>
    public static WhisperNaming Transformers { get; } = new(
        "layers", "self_attn", "encoder_attn", "q_proj", "k_proj", "v_proj", "out_proj",
        "self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm", "fc1", "fc2", "layer_norm", "layer_norm",
        "embed_positions.weight", "embed_tokens.weight");

    /// <summary>The scheme that a checkpoint's names follow; <see langword="null"/> if they are not those of a Whisper.</summary>
    public static WhisperNaming? Of(Checkpoint checkpoint)
    {
        foreach (string root in (ReadOnlySpan<string>)["", "model", "model_state_dict"])
        {
            Checkpoint scoped = root.Length == 0 ? checkpoint : checkpoint.Under(root);
            foreach (WhisperNaming naming in (ReadOnlySpan<WhisperNaming>)[OpenAi, Transformers])
            {
                if (scoped.Contains("encoder.conv1.weight") && scoped.Contains($"decoder.{naming.Tokens}"))
                    return naming with { Root = root };
            }
        }
        return null;
    }

    public Checkpoint Scope(Checkpoint checkpoint, string part) => checkpoint.Under(Root.Length == 0 ? part : $"{Root}.{part}");
}

internal sealed record Norm(Weight Scale, Weight Bias)
{
    public static Norm Bind(Checkpoint scope, string name, int width) => new(scope.Weight($"{name}.weight", width), scope.Weight($"{name}.bias", width));
}

internal sealed record Projection(Weight Rows, Weight Bias)
{
    public static Projection Bind(Checkpoint scope, string name, int outputs, int inputs) =>
        new(scope.Weight($"{name}.weight", outputs, inputs), scope.Weight($"{name}.bias", outputs));

    /// <summary>Keys have no bias; one of zeros lets the three products of an input become one.</summary>
    public static Projection BindKey(Checkpoint scope, string name, int width) =>
        new(scope.Weight($"{name}.weight", width, width), Weight.Of("zeros", new float[width], width));
}

internal sealed record AttentionWeights(Norm Norm, Projection Query, Projection Key, Projection Value, Projection Output)
{
    /// <summary>
    /// The output layer for values without their bias: attention's weights sum to 1, so that it passes through to the layer behind, where
    /// it is added once and not to every position.
    /// </summary>
    public Projection OutputWithValueBias => Output with
    {
        Bias = Weight.Computed($"{Output.Bias.Name}+{Value.Bias.Name}", [(int)Output.Bias.ElementCount], () =>
        {
            float[] rows = Output.Rows.ReadF32(), through = Value.Bias.ReadF32(), bias = Output.Bias.ReadF32();
            for (int row = 0; row < bias.Length; row++)
                bias[row] += TensorPrimitives.Dot(rows.AsSpan(row * through.Length, through.Length), through);
            return bias;
        }),
    };

    public static AttentionWeights Bind(Checkpoint layer, string name, string norm, WhisperNaming names, int width)
    {
        Checkpoint scope = layer.Under(name);
        return new(
            Norm.Bind(layer, norm, width),
            Projection.Bind(scope, names.Query, width, width),
            Projection.BindKey(scope, names.Key, width),
            Projection.Bind(scope, names.Value, width, width),
            Projection.Bind(scope, names.Output, width, width));
    }
}

internal sealed record FeedForwardWeights(Norm Norm, Projection Rise, Projection Fall)
{
    public static FeedForwardWeights Bind(Checkpoint layer, WhisperNaming names, WhisperConfig c) => new(
        Norm.Bind(layer, names.FeedForwardNorm, c.Width),
        Projection.Bind(layer, names.Rise, c.FeedForward, c.Width),
        Projection.Bind(layer, names.Fall, c.Width, c.FeedForward));
}

internal sealed record AudioLayerWeights(AttentionWeights Attention, FeedForwardWeights FeedForward);

internal sealed record TextLayerWeights(AttentionWeights Attention, AttentionWeights Cross, FeedForwardWeights FeedForward);

/// <summary>All tensors of a model, whatever the file calls them.</summary>
internal sealed record WhisperWeights(
    Weight Conv1, Weight Conv1Bias, Weight Conv2, Weight Conv2Bias, Weight AudioPositions, AudioLayerWeights[] AudioLayers, Norm AudioNorm,
    Weight Tokens, Weight TextPositions, TextLayerWeights[] TextLayers, Norm TextNorm, Weight Head)
{
    public static WhisperWeights Bind(Checkpoint checkpoint, WhisperNaming names, WhisperConfig c)
    {
        Checkpoint audio = names.Scope(checkpoint, "encoder"), text = names.Scope(checkpoint, "decoder");
        Weight tokens = text.Weight(names.Tokens, c.VocabularySize, c.Width);
        // The table of tokens is the output layer too; a fine-tune may have parted them.
        Weight head = checkpoint.Contains("proj_out.weight") ? checkpoint.Weight("proj_out.weight", c.VocabularySize, c.Width) : tokens;
        return new(
            audio.Weight("conv1.weight", c.Width, c.Mels, 3), audio.Weight("conv1.bias", c.Width),
            audio.Weight("conv2.weight", c.Width, c.Width, 3), audio.Weight("conv2.bias", c.Width),
            audio.Weight(names.Positions, c.AudioPositions, c.Width),
            [.. Enumerable.Range(0, c.AudioLayers).Select(i => BindAudio(audio.Under($"{names.Layers}.{i}"), names, c))],
            Norm.Bind(audio, names.AudioNorm, c.Width),
            tokens, text.Weight(names.Positions, c.TextPositions, c.Width),
            [.. Enumerable.Range(0, c.TextLayers).Select(i => BindText(text.Under($"{names.Layers}.{i}"), names, c))],
            Norm.Bind(text, names.TextNorm, c.Width), head);
    }

    private static AudioLayerWeights BindAudio(Checkpoint layer, WhisperNaming names, WhisperConfig c) => new(
        AttentionWeights.Bind(layer, names.SelfAttention, names.SelfNorm, names, c.Width), FeedForwardWeights.Bind(layer, names, c));

    private static TextLayerWeights BindText(Checkpoint layer, WhisperNaming names, WhisperConfig c) => new(
        AttentionWeights.Bind(layer, names.SelfAttention, names.SelfNorm, names, c.Width),
        AttentionWeights.Bind(layer, names.CrossAttention, names.CrossNorm, names, c.Width),
        FeedForwardWeights.Bind(layer, names, c));
}
