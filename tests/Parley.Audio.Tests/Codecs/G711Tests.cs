namespace Parley.Audio.Tests;

public class G711Tests
{
    [Fact]
    public void Every_mu_law_code_survives_decoding_and_encoding()
    {
        for (int code = 0; code < 256; code++)
        {
            // 0x7F is minus zero: it decodes to 0, whose code is plus zero, 0xFF.
            int expected = code == 0x7F ? 0xFF : code;
            Assert.Equal(expected, G711.EncodeMuLaw(G711.DecodeMuLaw((byte)code)));
        }
    }

    [Fact]
    public void Every_A_law_code_survives_decoding_and_encoding()
    {
        for (int code = 0; code < 256; code++)
            Assert.Equal(code, G711.EncodeALaw(G711.DecodeALaw((byte)code)));
    }

    [Theory] // ITU-T G.191's tables: the ends, the middle and a step of each
    [InlineData(0x00, -32124)]
    [InlineData(0x80, 32124)]
    [InlineData(0xFF, 0)]
    [InlineData(0xF0, 120)]
    [InlineData(0x70, -120)]
    public void Known_mu_law_codes(byte code, short sample) => Assert.Equal(sample, G711.DecodeMuLaw(code));

    [Theory]
    [InlineData(0xD5, 8)]
    [InlineData(0x55, -8)]
    [InlineData(0xAA, 32256)]
    [InlineData(0x2A, -32256)]
    public void Known_A_law_codes(byte code, short sample) => Assert.Equal(sample, G711.DecodeALaw(code));

    [Fact]
    public void The_nearest_code_is_chosen()
    {
        // Within a step of the value: 1/16 of its magnitude, and never less than the smallest step.
        Gen.Short.Sample(sample =>
        {
            int magnitude = Math.Min(Math.Abs((int)sample), 32635);
            int mu = G711.DecodeMuLaw(G711.EncodeMuLaw(sample)), a = G711.DecodeALaw(G711.EncodeALaw(sample));
            return Math.Abs(mu - Math.Sign(sample) * magnitude) <= Math.Max(4, (magnitude + 132) / 32 + 1)
                && Math.Abs(a - sample) <= Math.Max(8, Math.Abs((int)sample) / 32 + 1);
        });
    }

    [Fact]
    public void Agrees_with_another_implementation()
    {
        // Its mu-law encoder overflows at -32768; its A-law encoder mirrors negative values without the ones' complement of G.711.
        for (int value = -short.MaxValue; value <= short.MaxValue; value++)
        {
            short sample = (short)value;
            Assert.Equal(NAudio.Codecs.MuLawEncoder.LinearToMuLawSample(sample), G711.EncodeMuLaw(sample));
        }
        for (int code = 0; code < 256; code++)
        {
            if (code != 0x7F) // minus zero, which it gives as -1
                Assert.Equal(NAudio.Codecs.MuLawDecoder.MuLawToLinearSample((byte)code), G711.DecodeMuLaw((byte)code));
            Assert.Equal(NAudio.Codecs.ALawDecoder.ALawToLinearSample((byte)code), G711.DecodeALaw((byte)code));
        }
    }
}
