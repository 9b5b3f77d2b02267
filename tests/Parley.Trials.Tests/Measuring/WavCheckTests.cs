using Parley.Audio;
using Parley.Trials.Measuring;

namespace Parley.Trials.Tests.Measuring;

public class WavCheckTests
{
    private const string Text = "Eighteen letters..";

    public static TheoryData<string, string?> Cases { get; } = new()
    {
        { "whole", null }, { "unknown length", null }, { "zero length", null }, { "odd chunk", null }, { "extensible", null }, { "float", null },
        { "short of its promise", ErrorClass.Truncated }, { "nan", ErrorClass.BadWav }, { "silent", ErrorClass.Silent }, { "clipped", ErrorClass.BadWav },
        { "header alone", ErrorClass.Empty }, { "half a header", ErrorClass.Truncated }, { "nothing", ErrorClass.Empty }, { "mp3", ErrorClass.BadWav }, { "adpcm", ErrorClass.BadWav },
        { "six channels", ErrorClass.BadWav }, { "wrong block", ErrorClass.BadWav }, { "odd bytes", ErrorClass.BadWav }, { "no data", ErrorClass.BadWav },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_file_is_valid_or_says_why_not(string name, string? error)
    {
        WavCheck check = WavCheck.Of(File(name), Text);

        Assert.Equal(error, check.Error);
        Assert.Equal(error is null, check.Problem is null);
        if (error is null)
            Assert.Equal(16_000, check.Sound!.Samples.Length);
    }

    [Theory]
    [InlineData(18, true)]  // characters for one second
    [InlineData(4, true)]
    [InlineData(3, false)]
    [InlineData(35, true)]
    [InlineData(36, false)]
    public void A_length_that_does_not_fit_the_text_is_told_but_valid(int characters, bool isPlausible)
    {
        WavCheck check = WavCheck.Of(File("whole"), new string('a', characters));

        Assert.Null(check.Error);
        Assert.Equal(isPlausible, check.IsPlausible);
    }

    [Fact]
    public void Damaged_files_never_throw()
    {
        byte[] whole = File("odd chunk")[..200];
        Gen.Select(Gen.Int[0, whole.Length - 1].Array[1, 6], Gen.Byte.Array[6], Gen.Int[0, whole.Length]).Sample((places, bytes, length) =>
        {
            byte[] damaged = [.. whole];
            foreach ((int i, int place) in places.Index())
                damaged[place] = bytes[i];
            WavCheck.Of(damaged.AsSpan(0, length), Text);
        }, iter: 5_000);
    }

    private static byte[] File(string name)
    {
        short[] tone = Wavs.Pcm(Wavs.Tone(1));
        return name switch
        {
            "whole" => Wavs.Of(tone),
            "unknown length" => Wavs.Of(tone, dataSize: 0xFFFFFFFF),
            "zero length" => Wavs.Of(tone, dataSize: 0),
            "odd chunk" => Wavs.Of(tone, before: Wavs.OddChunk),
            "extensible" => Extensible(tone),
            "float" => Wavs.Float(Wavs.Tone(1).Samples),
            "short of its promise" => Wavs.Of(tone, dataSize: 100_000),
            "nan" => Wavs.Float([0.5f, float.NaN]),
            "silent" => Wavs.Of(new short[16_000]),
            "clipped" => Wavs.Of([.. Enumerable.Repeat(short.MaxValue, 100), .. tone]),
            "header alone" => Wavs.Of([], dataSize: 0),
            "half a header" => Wavs.Of(tone, keep: 30),
            "nothing" => [],
            "mp3" => [0xFF, 0xFB, .. new byte[100]],
            "adpcm" => Wavs.Of(tone, tag: 2),
            "six channels" => Wavs.Of(tone, channels: 6),
            "wrong block" => Wavs.Of(tone, block: 4),
            "odd bytes" => [.. Wavs.Of(tone, dataSize: 0xFFFFFFFF), 7],
            "no data" => [.. Wavs.Of([], keep: 36), .. Wavs.OddChunk, .. Wavs.OddChunk],
            _ => throw new ArgumentException(name),
        };
    }

    private static byte[] Extensible(short[] samples)
    {
        byte[] plain = WavWriter.ToBytes(new AudioBuffer([.. samples.Select(Pcm16.ToFloat)], 16_000));
        byte[] subFormat = [22, 0, 16, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
        byte[] file = [.. plain[..36], .. subFormat, .. plain[36..]];
        file[16] = 40;
        (file[20], file[21]) = (0xFE, 0xFF);
        return file;
    }
}
