using Parley.Trials.Measuring;

namespace Parley.Trials.Tests.Measuring;

public class SoundReceiverTests
{
    private static readonly byte[] File = Wavs.Of(Wavs.Pcm(Wavs.Tone(0.01)), before: Wavs.OddChunk);
    private static readonly int Header = 44 + Wavs.OddChunk.Length;

    [Fact]
    public void Cut_at_every_offset_the_sound_and_its_first_read_are_the_same()
    {
        for (int cut = 1; cut < File.Length; cut++)
        {
            SoundReceiver sound = SoundReceiver.For("wav", 0);
            sound.Take(File.AsSpan(0, cut), 10);
            sound.Take(File.AsSpan(cut), 20);

            Assert.Equal(10, sound.FirstByteMs);
            Assert.Equal(cut > Header ? 10 : 20, sound.FirstAudioMs);
            Assert.Equal(Header, sound.AudioAt);
            Assert.True(sound.Body.Span.SequenceEqual(File));
            Assert.Equal(0.01, sound.Arrivals[^1].Seconds, 9);
        }
    }

    [Fact]
    public void In_any_pieces_the_sound_is_the_same() =>
        Gen.Int[1, 50].Array[1, 400].Sample(sizes =>
        {
            SoundReceiver sound = SoundReceiver.For("wav", 0);
            int at = 0, expected = -1;
            for (int piece = 0; at < File.Length; piece++)
            {
                int size = Math.Min(sizes[piece % sizes.Length], File.Length - at);
                if (expected < 0 && at + size > Header)
                    expected = piece;
                sound.Take(File.AsSpan(at, size), piece);
                at += size;
            }
            return sound.FirstAudioMs == expected && sound.Body.Span.SequenceEqual(File);
        });

    [Fact]
    public void Raw_sound_begins_with_its_first_byte()
    {
        SoundReceiver sound = SoundReceiver.For("pcm", 24_000);
        sound.Take([1], 5);
        sound.Take(new byte[47_999], 9);

        Assert.Equal(5, sound.FirstAudioMs);
        Assert.Equal([0.5 / 24_000, 1], sound.Arrivals.Select(arrival => arrival.Seconds));
    }

    [Fact]
    public void Of_compressed_sound_the_first_byte_stands_in_and_is_marked()
    {
        SoundReceiver sound = SoundReceiver.For("mp3", 0);
        sound.Take([1, 2], 5);

        Assert.Equal((5, "compressed_first_byte"), (sound.FirstAudioMs, sound.FirstAudioBasis));
        Assert.Empty(sound.Arrivals);
    }

    [Fact]
    public void A_chunk_that_claims_gigabytes_does_not_end_the_process()
    {
        SoundReceiver sound = SoundReceiver.For("wav", 0);
        sound.Take([.. "RIFF\0\0\0\0WAVEjunk"u8, 0xFF, 0xFF, 0xFF, 0xFF, .. new byte[100]], 1);

        Assert.Null(sound.FirstAudioMs);
    }

    [Fact]
    public void A_player_stalls_where_the_next_piece_is_late()
    {
        // 100 ms of sound at 0; the second at 150 is 50 late; then 200 ms at once, and the last in time.
        Continuity found = Continuity.Of([new(0, 0.1), new(150, 0.2), new(160, 0.4), new(440, 0.5)]);

        Assert.Equal(50, found.MaxStallMs, 9);
        Assert.Equal(1, found.Stalls);
        Assert.True(found.IsSmooth);
        Assert.False(Continuity.Of([new(0, 0.1), new(201, 0.2)]).IsSmooth);
    }
}
