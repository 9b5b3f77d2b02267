namespace Parley.Models.Voxtral;

/// <summary>
/// The prompt of a preset voice, mistralai/mistral-common (tokens/tokenizers/instruct.py, encode_speech_request):
/// <c>[1] [25] [24]×N [36] text… [35] [25]</c>. The N audio tokens are replaced by the voice's rows. There is no token for language,
/// speed or style.
/// </summary>
/// <param name="Voice">Whose rows come first.</param>
/// <param name="Text">Ids of the text.</param>
public sealed record VoxtralPrompt(VoxtralVoice Voice, IReadOnlyList<int> Text)
{
    public const int Begin = 1;             // <s>
    public const int Audio = 24;            // [AUDIO]
    public const int BeginAudio = 25;       // [BEGIN_AUDIO]
    public const int RepeatAudioText = 35;  // [REPEAT_AUDIO_TEXT]: text to audio begins
    public const int NextAudioText = 36;    // [NEXT_AUDIO_TEXT]: audio to text

    /// <summary>Positions that depend on the voice alone: their keys and values are computed once a voice.</summary>
    public int PrefixLength => 2 + Voice.Frames;

    public int Length => PrefixLength + Text.Count + 3;

    /// <summary>All ids, with <see cref="Audio"/> where the voice's rows go.</summary>
    public IEnumerable<int> Ids => [Begin, BeginAudio, .. Enumerable.Repeat(Audio, Voice.Frames), .. TextIds];

    /// <summary>What follows the voice.</summary>
    internal IEnumerable<int> TextIds => [NextAudioText, .. Text, RepeatAudioText, BeginAudio];

    /// <summary>Writes the embeddings of positions that depend on the voice alone, [PrefixLength, dim].</summary>
    internal void EmbedPrefix(VoxtralEmbeddings embeddings, Span<float> rows)
    {
        int dim = rows.Length / PrefixLength;
        embeddings.Token(Begin, rows[..dim]);
        embeddings.Token(BeginAudio, rows.Slice(dim, dim));
        Voice.Rows.CopyTo(rows[(2 * dim)..]);
    }

    /// <summary>Writes the embeddings of the positions after the voice, [Length - PrefixLength, dim].</summary>
    internal void EmbedText(VoxtralEmbeddings embeddings, Span<float> rows)
    {
        int dim = rows.Length / (Length - PrefixLength);
        foreach ((int i, int id) in TextIds.Index())
            embeddings.Token(id, rows.Slice(i * dim, dim));
    }
}
