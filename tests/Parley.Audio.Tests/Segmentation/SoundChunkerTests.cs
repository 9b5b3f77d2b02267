namespace Parley.Audio.Tests.Segmentation;

public class SoundChunkerTests
{
    private const int Rate = 16_000, Window = 512;
    private static readonly TimeSpan MaxChunk = TimeSpan.FromSeconds(5);
    private static readonly SegmentationOptions Options = new()
    {
        MinSpeech = TimeSpan.FromMilliseconds(100),
        Padding = TimeSpan.FromMilliseconds(150),
        MaxSpeech = TimeSpan.FromSeconds(4.5),
    };

    /// <summary>Hears speech where the samples are not zero.</summary>
    private sealed class LoudnessDetector : ISpeechDetector
    {
        public int SampleRate => Rate;

        public int WindowSamples => Window;

        public float Next(ReadOnlySpan<float> window) => window[Window / 2] != 0 ? 0.9f : 0.1f;

        public void Reset() { }

        public void Dispose() { }
    }

    // Each sample tells its own place, so that a chunk tells where it comes from.
    private static readonly Gen<float[]> GenSound = Gen.Select(Gen.Bool, Gen.Int[1, 120]).Array[0, 30].Select(runs =>
    {
        List<float> sound = [];
        foreach ((bool speech, int windows) in runs)
        {
            for (int i = 0; i < windows * Window; i++)
                sound.Add(speech ? sound.Count + 1 : 0);
        }
        return sound.ToArray();
    });

    [Fact]
    public void Chunks_hold_what_their_map_says_and_are_no_longer_than_allowed() =>
        Gen.Select(GenSound, Gen.Int[1, 9000], Gen.Bool).Sample((sound, portion, cutsSilence) =>
        {
            long end = 0;
            foreach (SoundChunk chunk in Chunks(Chunker(cutsSilence), sound, portion))
            {
                Assert.True(chunk.Samples.Length <= MaxChunk.TotalSeconds * Rate);
                int offset = 0;
                foreach (SoundPiece piece in chunk.Pieces)
                {
                    Assert.Equal(offset, piece.Offset);
                    Assert.True(piece.Start >= end);
                    Assert.True(piece.Start <= piece.SpeechStart && piece.SpeechStart < piece.SpeechEnd && piece.SpeechEnd <= piece.End);
                    Assert.Equal(sound.AsSpan((int)piece.Start, piece.Length), chunk.Samples.AsSpan(offset, piece.Length));
                    offset += piece.Length;
                    end = piece.End;
                }
                Assert.Equal(offset, chunk.Samples.Length);
            }
        });

    [Fact]
    public void Speech_is_in_the_chunks_that_the_segments_give() =>
        Gen.Select(GenSound, Gen.Int[1, 9000]).Sample((sound, portion) =>
        {
            LoudnessDetector detector = new();
            List<float> probabilities = [];
            for (int i = 0; i < sound.Length; i += Window)
                probabilities.Add(detector.Next(sound.AsSpan(i, Window)));
            IReadOnlyList<SpeechSegment> expected = SpeechSegmenter.Find([.. probabilities], sound.Length, Options, Rate, Window);
            return expected.Select(segment => (segment.Start, segment.Samples)).SequenceEqual(
                Chunks(Chunker(cutsSilence: true), sound, portion).SelectMany(chunk => chunk.Pieces).Select(piece => (piece.Start, (long)piece.Length)));
        });

    [Fact]
    public void Without_cutting_every_sample_is_in_a_chunk() =>
        Gen.Select(GenSound, Gen.Int[1, 200_000]).Sample((sound, portion) =>
            Chunks(Chunker(cutsSilence: false), sound, portion).SelectMany(chunk => chunk.Samples).SequenceEqual(sound));

    [Fact]
    public void A_first_chunk_that_is_waited_for_ends_at_the_first_pause_after_enough_speech()
    {
        float[] sound = new float[15 * Rate];
        for (int second = 0; second < 10; second++)
            sound.AsSpan(second * 3 * Rate / 2, Rate).Fill(0.5f); // a second of speech, half a second of silence
        SpeechChunker chunker = new(new LoudnessDetector(), Options, MaxChunk, TimeSpan.FromSeconds(1.5));
        List<SoundChunk> chunks = [.. Chunks(chunker, sound, 320)];
        Assert.Equal(2, chunks[0].Pieces.Count);
        Assert.Equal(3, chunks[1].Pieces.Count); // as many as there is room for
        Assert.Equal(10, chunks.Sum(chunk => chunk.Pieces.Count));
    }

    [Fact]
    public void Silence_makes_no_chunk() => Assert.Empty(Chunks(Chunker(cutsSilence: true), new float[60 * Rate], 320));

    [Fact]
    public void Sound_is_cut_where_it_is_quietest()
    {
        float[] sound = new float[6 * Rate];
        Array.Fill(sound, 0.5f);
        sound.AsSpan((int)(4.5 * Rate), Rate / 5).Clear();
        Assert.InRange(Chunks(Chunker(cutsSilence: false), sound, 320)[0].Samples.Length, 4.5 * Rate, 4.7 * Rate);
    }

    [Fact]
    public void Times_in_a_chunk_come_back_as_times_of_the_recording()
    {
        // 2 s of silence, 1 s of speech, 3 s of silence, 1 s of speech.
        SoundChunk chunk = new(new float[2 * Rate + 8000], Rate,
        [
            new SoundPiece(0, 30_000, Rate + 4000, 32_000, 48_000),
            new SoundPiece(Rate + 4000, 94_000, Rate + 4000, 96_000, 112_000),
        ]);
        Assert.Equal(2.0, chunk.MapStart(0).TotalSeconds, 6);      // the padding is no speech
        Assert.Equal(2.375, chunk.MapStart(0.5).TotalSeconds, 6);
        Assert.Equal(6.0, chunk.MapStart(1.2).TotalSeconds, 6);    // nothing begins in the pause
        Assert.Equal(3.0, chunk.MapEnd(1.25).TotalSeconds, 6);
        Assert.Equal(3.0, chunk.MapEnd(1.3).TotalSeconds, 6);      // nothing ends in it either
        Assert.Equal(6.125, chunk.MapEnd(1.5).TotalSeconds, 6);
        Assert.Equal(7.0, chunk.MapEnd(99).TotalSeconds, 6);
        Assert.Equal(2.0, chunk.SpeechAfter(0).TotalSeconds, 6);
        Assert.Equal(1.0, chunk.SpeechAfter(1.2).TotalSeconds, 6);
        Assert.Equal(0.0, chunk.SpeechAfter(2.45).TotalSeconds, 6);
    }

    [Fact]
    public void Mapped_times_keep_their_order() =>
        Gen.Select(GenSound, Gen.Double[0, 5].Array[2, 20]).Sample((sound, times) =>
        {
            Array.Sort(times);
            foreach (SoundChunk chunk in Chunks(Chunker(cutsSilence: true), sound, 320))
            {
                for (int i = 1; i < times.Length; i++)
                {
                    Assert.True(chunk.MapStart(times[i - 1]) <= chunk.MapStart(times[i]));
                    Assert.True(chunk.MapEnd(times[i - 1]) <= chunk.MapEnd(times[i]));
                }
            }
        });

    [Fact]
    public void An_hour_needs_no_more_memory_than_a_chunk()
    {
        ISoundChunker chunker = Chunker(cutsSilence: true);
        float[] portion = new float[Rate];
        long most = 0;
        for (int second = 0; second < 3600; second++)
        {
            Array.Fill(portion, second % 7 < 3 ? 0.1f : 0f);
            chunker.Push(portion);
            while (chunker.TryTake(out SoundChunk? chunk))
                most = Math.Max(most, chunker.Samples - chunk!.Pieces[0].Start);
        }
        Assert.InRange(most, 1, 60 * Rate); // a chunk is given away soon after its sound
    }

    private static ISoundChunker Chunker(bool cutsSilence) =>
        cutsSilence ? new SpeechChunker(new LoudnessDetector(), Options, MaxChunk) : new LevelChunker(Rate, MaxChunk);

    private static List<SoundChunk> Chunks(ISoundChunker chunker, float[] sound, int portion)
    {
        List<SoundChunk> chunks = [];
        for (int i = 0; i < sound.Length; i += portion)
        {
            chunker.Push(sound.AsSpan(i, Math.Min(portion, sound.Length - i)));
            Take();
        }
        chunker.Finish();
        Take();
        return chunks;

        void Take()
        {
            while (chunker.TryTake(out SoundChunk? chunk))
                chunks.Add(chunk!);
        }
    }
}
