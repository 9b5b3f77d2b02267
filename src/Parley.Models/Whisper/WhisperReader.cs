using System.Numerics.Tensors;
using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>Runs of many given tokens over one window: prompts, the detection of the language, and texts that are aligned.</summary>
internal sealed class WhisperReader : IDisposable
{
    private const int AlignedTogether = 64; // tokens of a text that go through the decoder at a time

    private readonly WhisperModel model;
    private readonly GraphRun run;
    private readonly GraphRun head;
    private readonly KeyValueBuffers own;

    public WhisperReader(WhisperModel model)
    {
        this.model = model;
        run = model.Decoder.CreateRun();
        head = model.Head.CreateRun();
        own = new(model.Decoder.Graph.Cache!, slots: 1, model.Config.TextPositions);
    }

    /// <summary>Reads a prompt into a slot.</summary>
    /// <returns>The logits of the next token, once for each of the decoding's rows.</returns>
    public Span<float> Prefill(WhisperDecoding decoding, KeyValueBuffers cache, int slot, CancellationToken cancel)
    {
        (int[] tokens, int start) = (decoding.Prompt.Tokens, decoding.Prompt.StartIndex);
        cache.SetLength(slot, 0);
        Span<float> hidden = Read(decoding.Sound, tokens, 0, cache, slot, cancel);
        int width = model.Config.Width, size = model.Config.VocabularySize, rows = decoding.Rows;
        Span<float> input = head.Input("hidden", rows + 1, width).Floats;
        hidden.Slice(start * width, width).CopyTo(input);
        for (int row = 1; row <= rows; row++)
            hidden[^width..].CopyTo(input.Slice(row * width, width));
        head.Run(cancel);
        Span<float> logits = head.Output("logits").Floats;
        ReadOnlySpan<float> first = logits[..size];
        decoding.NoSpeechProbability = Math.Exp(first[model.Vocabulary.NoSpeech] - WhisperLogits.LogSumExp(first));
        return logits[size..];
    }

    public float[] DetectLanguage(WhisperSound sound, CancellationToken cancel)
    {
        own.SetLength(0, 0);
        Span<float> hidden = Read(sound, [model.Vocabulary.StartOfTranscript], 0, own, 0, cancel);
        hidden.CopyTo(head.Input("hidden", 1, model.Config.Width).Floats);
        head.Run(cancel);
        float[] languages = head.Output("logits").Floats.Slice(model.Vocabulary.FirstLanguage, model.Vocabulary.Languages).ToArray();
        float whole = WhisperLogits.LogSumExp(languages);
        TensorPrimitives.Subtract(languages, whole, languages);
        TensorPrimitives.Exp<float>(languages, languages);
        return languages;
    }

    /// <summary>openai/whisper: whisper/timing.py, find_alignment.</summary>
    public WhisperAlignment Align(WhisperSound sound, IReadOnlyList<int> text, int[] start, int frames, CancellationToken cancel)
    {
        WhisperVocabulary vocabulary = model.Vocabulary;
        int[] tokens = [.. start, vocabulary.NoTimestamps, .. text, vocabulary.EndOfText];
        int positions = Math.Min(frames / 2, model.Config.AudioPositions);
        float[] scores = new float[model.AlignmentHeads.Count * tokens.Length * positions];
        float[] probabilities = new float[text.Count];
        own.SetLength(0, 0);
        for (int first = 0; first < tokens.Length; first += AlignedTogether)
        {
            int count = Math.Min(AlignedTogether, tokens.Length - first);
            Span<float> hidden = Read(sound, tokens.AsSpan(first, count), first, own, 0, cancel);
            CopyScores(scores, tokens.Length, positions, first, count);
            Probabilities(hidden, tokens, start.Length, first, count, probabilities, cancel);
        }
        return WhisperAlignment.Compute(scores, model.AlignmentHeads.Count, tokens.Length, positions, start.Length, probabilities);
    }

    /// <summary>Hidden states [count, width] of tokens that continue a slot.</summary>
    internal Span<float> Read(WhisperSound sound, ReadOnlySpan<int> tokens, int position, KeyValueBuffers cache, int slot, CancellationToken cancel)
    {
        int width = model.Config.Width;
        run.UseCache(cache, slot, 1);
        for (int part = 0; part < sound.Parts.Length; part++)
            run.Bind(model.Memory[part].Name, sound.Parts[part]);
        model.PrepareCross(run, windows: 1, tokens.Length);
        Span<float> embeddings = run.Input("embeddings", 1, tokens.Length, width).Floats;
        for (int i = 0; i < tokens.Length; i++)
            model.Embed(tokens[i], position + i, embeddings.Slice(i * width, width));
        run.Run(cancel);
        return run.Output("hidden").Floats;
    }

    /// <summary>Logits [rows, vocabulary] of hidden states [rows, width].</summary>
    internal Span<float> Logits(ReadOnlySpan<float> hidden, CancellationToken cancel)
    {
        int width = model.Config.Width;
        hidden.CopyTo(head.Input("hidden", hidden.Length / width, width).Floats);
        head.Run(cancel);
        return head.Output("logits").Floats;
    }

    public void Dispose()
    {
        run.Dispose();
        head.Dispose();
        own.Dispose();
    }

    /// <summary>The scores of the last run, from layers of [heads, count, all positions] to [heads, tokens, positions].</summary>
    internal void CopyScores(float[] scores, int length, int positions, int first, int count)
    {
        int all = model.Config.AudioPositions, placed = 0;
        foreach (IGrouping<int, (int Layer, int Head)> layer in model.AlignmentHeads.GroupBy(head => head.Layer))
        {
            ReadOnlySpan<float> given = run.Output(WhisperDecoderGraph.Scores(layer.Key)).Floats;
            foreach (int head in Enumerable.Range(0, layer.Count()))
            {
                Span<float> target = scores.AsSpan((placed++ * length + first) * positions, count * positions);
                for (int token = 0; token < count; token++)
                    given.Slice((head * count + token) * all, positions).CopyTo(target.Slice(token * positions, positions));
            }
        }
    }

    /// <summary>How probable each text token was, among text tokens, where it was written.</summary>
    private void Probabilities(Span<float> hidden, int[] tokens, int start, int first, int count, float[] probabilities, CancellationToken cancel)
    {
        const int together = 8; // rows of the whole vocabulary at a time
        int width = model.Config.Width, size = model.Config.VocabularySize, end = model.Vocabulary.EndOfText;
        int from = Math.Max(start, first), to = Math.Min(start + probabilities.Length, first + count); // positions whose next token is text
        for (int at = from; at < to; at += together)
        {
            int rows = Math.Min(together, to - at);
            Span<float> logits = Logits(hidden.Slice((at - first) * width, rows * width), cancel);
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<float> texts = logits.Slice(row * size, end);
                probabilities[at + row - start] = MathF.Exp(texts[tokens[at + row + 1]] - WhisperLogits.LogSumExp(texts));
            }
        }
    }
}
