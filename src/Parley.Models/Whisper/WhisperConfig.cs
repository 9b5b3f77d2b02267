namespace Parley.Models.Whisper;

/// <summary>The sizes of a Whisper model. openai/whisper: whisper/model.py, ModelDimensions.</summary>
public sealed record WhisperConfig
{
    /// <summary>Rows of the log-mel input: 80, or 128 from large-v3 on.</summary>
    public required int Mels { get; init; }

    /// <summary>Positions of the encoder's result, two mel columns (20 ms) each; 1500 in every published model.</summary>
    public required int AudioPositions { get; init; }

    /// <summary>Width of encoder and decoder.</summary>
    public required int Width { get; init; }

    public required int AudioHeads { get; init; }

    public required int AudioLayers { get; init; }

    public required int VocabularySize { get; init; }

    /// <summary>Tokens that the decoder may see and write together; 448 in every published model.</summary>
    public required int TextPositions { get; init; }

    public required int TextHeads { get; init; }

    public required int TextLayers { get; init; }

    /// <summary>Mel columns of a window.</summary>
    public int MelFrames => 2 * AudioPositions;

    /// <summary>Inner width of the feed-forward layers.</summary>
    public int FeedForward => 4 * Width;

    public int AudioHeadDim => Width / AudioHeads;

    public int TextHeadDim => Width / TextHeads;

    /// <summary>Tokens written for one window at most, and one more than those of the text before it that are shown.</summary>
    public int SampleLength => TextPositions / 2;

    /// <summary>One less than the tokens of a window that go through the decoder at a time at most.</summary>
    internal int CrossRoom => TextPositions - 1;

    /// <summary>The sizes of a published model by its name: <c>tiny.en</c>, <c>large-v3-turbo</c> ...; <see langword="null"/> if none has it.</summary>
    public static WhisperConfig? Published(string name)
    {
        string size = name.EndsWith(".en", StringComparison.Ordinal) ? name[..^3] : name;
        bool isThird = size.Contains("v3", StringComparison.Ordinal);
        (int Audio, int Text, int Width)? layers = size switch
        {
            "tiny" => (4, 4, 384),
            "base" => (6, 6, 512),
            "small" => (12, 12, 768),
            "medium" => (24, 24, 1024),
            "large-v1" or "large-v2" or "large-v3" => (32, 32, 1280),
            "large-v3-turbo" => (32, 4, 1280),
            "distil-large-v2" or "distil-large-v3" => (32, 2, 1280),
            "distil-medium" => (24, 2, 1024),
            "distil-small" => (12, 4, 768),
            _ => null,
        };
        return layers is not { } known ? null : new WhisperConfig
        {
            Mels = isThird ? 128 : 80,
            AudioPositions = 1500,
            Width = known.Width,
            AudioHeads = known.Width / 64,
            AudioLayers = known.Audio,
            VocabularySize = isThird ? 51866 : size.Length < name.Length ? 51864 : 51865,
            TextPositions = 448,
            TextHeads = known.Width / 64,
            TextLayers = known.Text,
        };
    }
}
