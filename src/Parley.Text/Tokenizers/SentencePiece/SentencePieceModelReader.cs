using System.Text;

namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>Reads a SentencePiece <c>.model</c>; the numbers are the fields of google/sentencepiece: src/sentencepiece_model.proto.</summary>
internal static class SentencePieceModelReader
{
    public const long LargestFile = 64L << 20; // bytes; the largest published one has 5 MB

    private const int MostPieces = 1 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="TokenizerException">The file is damaged, or asks for what is not read here.</exception>
    public static SentencePieceModel Read(ReadOnlySpan<byte> file, string name)
    {
        try
        {
            return Read(file);
        }
        catch (Exception fault) when (fault is InvalidDataException or DecoderFallbackException)
        {
            throw new TokenizerException(name, $"is no readable SentencePiece model: {fault.Message}.");
        }
    }

    private static SentencePieceModel Read(ReadOnlySpan<byte> file)
    {
        List<SentencePieceEntry> pieces = [];
        SentencePieceNormalizerSpec normalizer = new();
        TrainerFields trainer = new();
        ProtobufFields fields = new(file);
        while (fields.MoveNext())
        {
            switch (fields.Number)
            {
                case 1 when pieces.Count == MostPieces:
                    throw new InvalidDataException($"it has more than {MostPieces} pieces");
                case 1:
                    pieces.Add(ReadPiece(fields.Bytes, pieces.Count));
                    break;
                case 2:
                    ReadTrainer(fields.Bytes, trainer);
                    break;
                case 3:
                    ReadNormalizer(fields.Bytes, normalizer);
                    break;
                case 5:
                    RefuseDenormalizer(fields.Bytes);
                    break;
            }
        }
        normalizer.TreatWhitespaceAsSuffix = trainer.TreatWhitespaceAsSuffix;
        return new(pieces, trainer.Algorithm, trainer.ByteFallback, trainer.UnknownSurface, normalizer);
    }

    private static SentencePieceEntry ReadPiece(ReadOnlySpan<byte> message, int id)
    {
        byte[] text = [];
        float score = 0;
        SentencePieceKind kind = SentencePieceKind.Normal;
        ProtobufFields fields = new(message);
        while (fields.MoveNext())
        {
            switch (fields.Number)
            {
                case 1:
                    text = fields.Bytes.ToArray();
                    break;
                case 2:
                    score = fields.Single;
                    break;
                case 3:
                    kind = (SentencePieceKind)fields.Int32;
                    break;
            }
        }
        if (text.Length == 0 || !float.IsFinite(score) || !Enum.IsDefined(kind))
            throw new InvalidDataException($"piece {id} has {text.Length} bytes, score {score} and type {(int)kind}");
        return new(Strict.GetString(text), text, score, kind);
    }

    private static void ReadTrainer(ReadOnlySpan<byte> message, TrainerFields trainer)
    {
        ProtobufFields fields = new(message);
        while (fields.MoveNext())
        {
            switch (fields.Number)
            {
                case 3:
                    trainer.Algorithm = (SentencePieceAlgorithm)fields.Int32;
                    if (!Enum.IsDefined(trainer.Algorithm))
                        throw new InvalidDataException($"model_type is {fields.Int32}; unigram (1) and BPE (2) are read here");
                    break;
                case 24:
                    trainer.TreatWhitespaceAsSuffix = fields.Flag;
                    break;
                case 35:
                    trainer.ByteFallback = fields.Flag;
                    break;
                case 44:
                    trainer.UnknownSurface = Strict.GetString(fields.Bytes);
                    break;
            }
        }
    }

    private static void ReadNormalizer(ReadOnlySpan<byte> message, SentencePieceNormalizerSpec normalizer)
    {
        ProtobufFields fields = new(message);
        while (fields.MoveNext())
        {
            switch (fields.Number)
            {
                case 2:
                    normalizer.CharsMap = PrecompiledCharsMap.Read(fields.Bytes);
                    break;
                case 3:
                    normalizer.AddDummyPrefix = fields.Flag;
                    break;
                case 4:
                    normalizer.RemoveExtraWhitespaces = fields.Flag;
                    break;
                case 5:
                    normalizer.EscapeWhitespaces = fields.Flag;
                    break;
            }
        }
    }

    private static void RefuseDenormalizer(ReadOnlySpan<byte> message)
    {
        ProtobufFields fields = new(message);
        while (fields.MoveNext())
        {
            if (fields.Number == 2 && !fields.Bytes.IsEmpty)
                throw new InvalidDataException("it has a denormalizer, which is not supported");
        }
    }

    /// <summary>The fields of TrainerSpec that matter after training.</summary>
    private sealed class TrainerFields
    {
        public SentencePieceAlgorithm Algorithm { get; set; } = SentencePieceAlgorithm.Unigram;

        public bool ByteFallback { get; set; }

        public bool TreatWhitespaceAsSuffix { get; set; }

        public string UnknownSurface { get; set; } = " \u2047 ";
    }
}
