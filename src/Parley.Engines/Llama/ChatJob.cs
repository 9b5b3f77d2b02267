using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Parley.Text.Tokenizers;

namespace Parley.Engines.Llama;

/// <summary>A piece of an answer.</summary>
/// <param name="Text">Whole characters; may be empty where only probabilities are told.</param>
/// <param name="Probability">Of the token that the piece came with, if it was asked for.</param>
internal readonly record struct AnswerPiece(string Text, TokenProbability? Probability);

/// <summary>What is asked of an answer.</summary>
internal sealed record ChatOrder
{
    public required SamplingOptions Sampling { get; init; }

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> Stops { get; init; } = [];

    /// <summary>Most tokens of the answer.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>GBNF; <see langword="null"/> for none.</summary>
    public string? Grammar { get; init; }

    /// <summary>Likeliest tokens to tell at each place; <see langword="null"/> if no probabilities are asked for.</summary>
    public int? TopLogProbabilities { get; init; }

    /// <summary>Control tokens whose text is part of the answer.</summary>
    public IReadOnlySet<int> Marks { get; init; } = new HashSet<int>();
}

/// <summary>
/// One answer: tokens are chosen, turned into whole characters, cut at a stop text, and handed over as they come. The pieces wait for
/// their reader; the limit of tokens bounds them.
/// </summary>
internal sealed class ChatJob : LlamaJob
{
    private readonly LlamaModel model;
    private readonly ChatOrder order;
    private readonly TokenSampler sampler;
    private readonly LlamaGrammar? grammar;
    private readonly Utf8Stream characters = new();
    private readonly StopFilter stop;
    private readonly Channel<AnswerPiece> pieces = Channel.CreateUnbounded<AnswerPiece>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    public ChatJob(LlamaModel model, string engine, IReadOnlyList<int> prompt, ChatOrder order) : base(prompt)
    {
        this.model = model;
        this.order = order;
        stop = new StopFilter(order.Stops);
        grammar = order.Grammar is { } rules ? new LlamaGrammar(model, engine, rules) : null;
        sampler = new TokenSampler(order.Sampling, prompt, model.UnusedTokens);
    }

    public ChannelReader<AnswerPiece> Pieces => pieces.Reader;

    /// <summary>Tokens of the answer, its end included.</summary>
    public int AnswerTokens { get; private set; }

    public ChatFinishReason Reason { get; private set; } = ChatFinishReason.Stop;

    public override int? Continue(ReadOnlySpan<float> logits, SamplerBuffers buffers)
    {
        if (sampler.Next(logits, buffers, grammar) is not { } token)
            return null;
        AnswerTokens++;
        if (model.EndTokens.Contains(token))
            return null;
        TokenProbability? probability = order.TopLogProbabilities is { } top ? LogProbabilities.Of(logits, token, top, model, buffers) : null;
        string text = stop.Push(characters.Push(model.Piece(token, order.Marks.Contains(token))));
        if (text.Length > 0 || probability is not null)
            pieces.Writer.TryWrite(new AnswerPiece(text, probability));
        if (stop.Found is not null)
            return null;
        if (AnswerTokens >= order.MaxTokens)
        {
            Reason = ChatFinishReason.Length;
            return null;
        }
        return token;
    }

    public override void End(Exception? fault)
    {
        grammar?.Dispose();
        // Bytes of a character that was never finished are left out.
        if (fault is null && stop.Finish() is { Length: > 0 } rest)
            pieces.Writer.TryWrite(new AnswerPiece(rest, null));
        pieces.Writer.TryComplete(fault);
    }
}
