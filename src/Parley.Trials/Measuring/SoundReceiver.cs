using System.Buffers.Binary;

namespace Parley.Trials.Measuring;

/// <summary>
/// Takes the bytes of an answer as they arrive and notes when sound came. In a WAV stream sound begins behind the header of its
/// <c>data</c> chunk: a header flushed early is not sound. However the bytes are cut, the result is the same.
/// </summary>
internal sealed class SoundReceiver
{
    /// <summary>Longest answer that is kept; an hour of 24 kHz sound has 173 MB.</summary>
    public const int MaxBytes = 256 << 20;

    private enum Container { Pcm, Wav, Compressed }

    private readonly Container container;
    private readonly List<(double Ms, long AudioBytes)> arrivals = [];
    private byte[] body = new byte[64 << 10];
    private int length;
    private int chunkAt = 12;   // of the WAV chunk whose header is looked at next
    private long audioBytes;
    private int bytesASecond;

    private SoundReceiver(Container container, int bytesASecond) => (this.container, this.bytesASecond) = (container, bytesASecond);

    /// <param name="format"><c>wav</c>, <c>pcm</c>, or any other name for a compressed form.</param>
    /// <param name="pcmRate">Of 16-bit mono PCM, in Hz.</param>
    public static SoundReceiver For(string format, int pcmRate) => format switch
    {
        "wav" => new(Container.Wav, 0),
        "pcm" => new(Container.Pcm, 2 * pcmRate),
        _ => new(Container.Compressed, 0),
    };

    public double? FirstByteMs { get; private set; }

    public double? FirstAudioMs { get; private set; }

    public string FirstAudioBasis => container == Container.Compressed ? "compressed_first_byte" : "payload";

    public ReadOnlyMemory<byte> Body => body.AsMemory(0, length);

    /// <summary>Where the sound begins in the body; -1 as long as that is unknown.</summary>
    public int AudioAt { get; private set; } = -1;

    /// <summary>True once more has come than is kept.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Sound received by each read that carried some. Empty for compressed sound.</summary>
    public IReadOnlyList<SoundArrival> Arrivals => bytesASecond == 0 ? [] : [.. arrivals.Select(arrival => new SoundArrival(arrival.Ms, (double)arrival.AudioBytes / bytesASecond))];

    /// <summary>Takes what one read brought.</summary>
    /// <param name="bytes">Not empty.</param>
    /// <param name="ms">When the read returned.</param>
    public void Take(ReadOnlySpan<byte> bytes, double ms)
    {
        FirstByteMs ??= ms;
        if (length + (long)bytes.Length > MaxBytes)
        {
            IsTooLong = true;
            return;
        }
        if (length + bytes.Length > body.Length)
            Array.Resize(ref body, Math.Min(MaxBytes, Math.Max(2 * body.Length, length + bytes.Length)));
        bytes.CopyTo(body.AsSpan(length));
        length += bytes.Length;
        if (AudioAt < 0)
            FindSound();
        if (AudioAt < 0 || length <= AudioAt || length - AudioAt == audioBytes)
            return;
        audioBytes = length - AudioAt;
        FirstAudioMs ??= ms;
        arrivals.Add((ms, audioBytes));
    }

    private void FindSound()
    {
        if (container != Container.Wav)
        {
            AudioAt = 0;
            return;
        }
        while (chunkAt + 8 <= length)
        {
            ReadOnlySpan<byte> header = body.AsSpan(chunkAt, 8);
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            if (header[..4].SequenceEqual("data"u8))
            {
                AudioAt = chunkAt + 8;
                return;
            }
            if (header[..4].SequenceEqual("fmt "u8) && size >= 16)
            {
                if (chunkAt + 24 > length)
                    return;
                bytesASecond = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(body.AsSpan(chunkAt + 16)));
            }
            long next = chunkAt + 8L + size + (size & 1);
            if (next > MaxBytes)
                return; // no sound will come; the check of the whole says why
            chunkAt = (int)next;
        }
    }
}
