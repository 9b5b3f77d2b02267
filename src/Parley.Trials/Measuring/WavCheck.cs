using System.Buffers.Binary;
using Parley.Audio;

namespace Parley.Trials.Measuring;

/// <summary>Whether an answer is a WAV file that a player could play, and what it holds.</summary>
/// <param name="Error">One of <see cref="ErrorClass"/>, or <see langword="null"/> for a valid file.</param>
/// <param name="Problem">What is wrong, in words.</param>
/// <param name="Sound">Mono samples, where they could be read.</param>
/// <param name="Channels">As the file says.</param>
/// <param name="IsPlausible">True if its length fits the text: 4 to 35 characters a second.</param>
internal sealed record WavCheck(string? Error, string? Problem, AudioBuffer? Sound, int Channels, bool IsPlausible)
{
    private const double MinPeak = 0.001, MaxFullScaleShare = 0.001; // -60 dBFS
    private const float FullScale = 32766.5f / 32768;
    private const double SlowestCharacters = 4, FastestCharacters = 35; // a second; English

    private const uint UnknownFrom = 0x7FFF_F000; // what writers to a pipe put where the length is not known

    /// <param name="body">The whole answer.</param>
    /// <param name="text">What was to be said.</param>
    public static WavCheck Of(ReadOnlySpan<byte> body, string text)
    {
        if (body.IsEmpty)
            return Bad(ErrorClass.Empty, "the answer has no bytes");
        if (body.Length < 12 || !(body[..4].SequenceEqual("RIFF"u8) || body[..4].SequenceEqual("RF64"u8)) || !body[8..12].SequenceEqual("WAVE"u8))
            return Bad(ErrorClass.BadWav, "it does not begin as a WAV file");
        int at = 12;
        ReadOnlySpan<byte> format = default;
        while (at + 8 <= body.Length)
        {
            ReadOnlySpan<byte> id = body.Slice(at, 4);
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(body[(at + 4)..]);
            if (id.SequenceEqual("data"u8))
                return format.IsEmpty ? Bad(ErrorClass.BadWav, "the 'data' chunk comes before 'fmt '") : OfData(body, at + 8, size, format, text);
            if (id.SequenceEqual("fmt "u8))
            {
                if (at + 8 + (long)size > body.Length)
                    return Bad(ErrorClass.Truncated, "it ends within its header");
                if (size < 16)
                    return Bad(ErrorClass.BadWav, $"its 'fmt ' chunk has {size} bytes");
                format = body.Slice(at + 8, (int)size);
            }
            long next = at + 8L + size + (size & 1); // chunks are word aligned
            if (next > body.Length)
                break;
            at = (int)next;
        }
        return body.Length <= 44 ? Bad(ErrorClass.Truncated, "it ends within its header") : Bad(ErrorClass.BadWav, "it has no 'data' chunk");
    }

    /// <summary>The same judgement of samples that came without a container.</summary>
    public static WavCheck OfSound(AudioBuffer sound, string text)
    {
        if (sound.Samples.Length == 0)
            return Bad(ErrorClass.Empty, "no sound came");
        float peak = 0;
        int full = 0;
        foreach (float sample in sound.Samples)
        {
            if (!float.IsFinite(sample))
                return Bad(ErrorClass.BadWav, "a sample is not a number");
            peak = Math.Max(peak, Math.Abs(sample));
            full += Math.Abs(sample) >= FullScale ? 1 : 0;
        }
        double rate = text.Length / sound.Duration.TotalSeconds;
        bool isPlausible = rate is >= SlowestCharacters and <= FastestCharacters;
        if (peak <= MinPeak)
            return new(ErrorClass.Silent, "nothing in it is louder than -60 dBFS", sound, 1, isPlausible);
        return full > MaxFullScaleShare * sound.Samples.Length
            ? new(ErrorClass.BadWav, $"{full} of {sound.Samples.Length} samples are at full scale", sound, 1, isPlausible)
            : new(null, null, sound, 1, isPlausible);
    }

    private static WavCheck OfData(ReadOnlySpan<byte> body, int at, uint declared, ReadOnlySpan<byte> format, string text)
    {
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]), bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        int block = BinaryPrimitives.ReadUInt16LittleEndian(format[12..]), tag = BinaryPrimitives.ReadUInt16LittleEndian(format);
        uint rate = BinaryPrimitives.ReadUInt32LittleEndian(format[4..]), byteRate = BinaryPrimitives.ReadUInt32LittleEndian(format[8..]);
        if (tag == 0xFFFE)
        {
            if (format.Length < 40)
                return Bad(ErrorClass.BadWav, "its extensible 'fmt ' chunk is too short");
            tag = BinaryPrimitives.ReadUInt16LittleEndian(format[24..]);
        }
        if (tag is not (1 or 3))
            return Bad(ErrorClass.BadWav, $"format tag {tag} is neither PCM nor float");
        if (channels is not (1 or 2) || rate is < 8000 or > 96_000 || !(tag == 1 ? bits is 8 or 16 or 24 or 32 : bits is 32 or 64))
            return Bad(ErrorClass.BadWav, $"{channels} channels, {rate} Hz, {bits} bits");
        if (block != channels * bits / 8 || byteRate != rate * (uint)block)
            return Bad(ErrorClass.BadWav, $"blocks of {block} bytes and {byteRate} bytes a second do not fit {channels} channels of {bits} bits at {rate} Hz");
        bool isStream = declared is 0 or >= UnknownFrom;
        if (!isStream && declared > body.Length - at)
            return Bad(ErrorClass.Truncated, $"{declared} bytes of sound were promised, {body.Length - at} came");
        int length = isStream ? body.Length - at : (int)declared;
        if (length == 0)
            return Bad(ErrorClass.Empty, "no sound came");
        if (length % block != 0)
            return Bad(ErrorClass.BadWav, $"{length} bytes of sound are not whole samples of {block} bytes");

        float[] samples = new float[length / block];
        try
        {
            WavDecoder decoder = new();
            ReadOnlySpan<byte> bytes = body;
            for (int count = 0; !bytes.IsEmpty && count < samples.Length;)
                count += decoder.Decode(ref bytes, samples.AsSpan(count));
        }
        catch (AudioFormatException fault)
        {
            return Bad(ErrorClass.BadWav, fault.Message);
        }
        return OfSound(new AudioBuffer(samples, (int)rate), text) with { Channels = channels };
    }

    private static WavCheck Bad(string error, string problem) => new(error, problem, null, 0, false);
}
