using static Parley.Audio.Tests.WavBytes;

namespace Parley.Audio.Tests;

public class WavFuzzTests
{
    private static readonly byte[][] Seeds =
    [
        Riff(Format(1, 2, 16_000, 16), Chunk("data", new byte[400])),
        Riff(Chunk("JUNK", new byte[27]), Extensible(3, 1, 48_000, 32, 32), Chunk("data", new byte[400]), Chunk("LIST", new byte[9])),
        Form("RF64", Unknown, Chunk("ds64", [.. BitConverter.GetBytes(500L), .. BitConverter.GetBytes(400L), .. BitConverter.GetBytes(200L), 0, 0, 0, 0]),
            Format(7, 1, 8000, 8), Chunk("data", new byte[400], Unknown)),
        Riff(Chunk("data", new byte[400]), Format(1, 1, 8000, 24)),
    ];

    // Flipped bytes anywhere, and 32-bit words that lie: the sizes a hostile writer would choose.
    private static readonly Gen<byte[]> Mutated =
        from seed in Gen.OneOf(Seeds)
        from flips in Gen.Select(Gen.Int[0, seed.Length - 1], Gen.Byte).Array[0, 6]
        from words in Gen.Select(Gen.Int[0, 120], Gen.OneOf(0u, 1u, 3u, 0x7FFFFFFFu, 0x7FFFF000u, 0x80000000u, 0xFFFFFFFEu, 0xFFFFFFFFu, 16u, 17u, 40u)).Array[0, 3]
        from length in Gen.Int[0, seed.Length]
        from isCut in Gen.Bool
        select Mutate(seed, flips, words, isCut ? length : seed.Length);

    [Fact]
    public void Damaged_files_are_read_or_refused_and_cost_no_more_than_their_size()
    {
        _ = WavReader.Read(Seeds[0]); // warm
        Mutated.Sample(file =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                AudioBuffer sound = WavReader.Read(file);
                Assert.InRange(sound.Samples.Length, 0, file.Length);
            }
            catch (AudioFormatException)
            {
                // the only exception a damaged file may cause
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            return allocated < 256 * 1024 + 64 * file.Length;
        }, iter: 20_000);
    }

    [Fact]
    public void Whole_and_streamed_reading_agree_about_damaged_files() =>
        Gen.Select(Mutated, Gen.Int[1, 50]).Sample((file, portion) =>
        {
            (float[]? samples, string? fault) whole = Attempt(() => WavReader.Read(new OneWayStream(file)).Samples);
            List<float> streamed = [];
            string? fault = null;
            try
            {
                foreach (AudioFrame frame in WavReader.ReadFramesAsync(new OneWayStream(file, portion)).ToBlockingEnumerable())
                    streamed.AddRange(frame.Samples.Span);
            }
            catch (AudioFormatException found)
            {
                fault = found.Message;
            }
            return (whole.fault is null) == (fault is null) && (whole.samples is null || whole.samples.AsSpan().SequenceEqual(streamed.ToArray()));
        }, iter: 5000);

    private static (float[]? Samples, string? Fault) Attempt(Func<float[]> read)
    {
        try
        {
            return (read(), null);
        }
        catch (AudioFormatException fault)
        {
            return (null, fault.Message);
        }
    }

    private static byte[] Mutate(byte[] seed, (int At, byte Value)[] flips, (int At, uint Value)[] words, int length)
    {
        byte[] file = [.. seed];
        foreach ((int at, byte value) in flips)
            file[at] = value;
        foreach ((int at, uint value) in words)
            BitConverter.TryWriteBytes(file.AsSpan(at), value);
        return file[..length];
    }
}
