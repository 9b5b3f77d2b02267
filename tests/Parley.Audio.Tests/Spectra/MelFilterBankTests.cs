using System.IO.Compression;
using System.Runtime.InteropServices;
using Parley.Audio.Spectra;

namespace Parley.Audio.Tests.Spectra;

public class MelFilterBankTests
{
    [Theory]
    [InlineData(80, 391, 1.999024092, 0.0258806832)]
    [InlineData(128, 394, 3.190985541, 0.0416817516)]
    public void Whisper_filters_have_the_published_sums(int bands, int nonZeros, double sum, double largest)
    {
        float[] weights = MelRecipes.Whisper(bands).Filters.Weights(16_000, 400);
        Assert.Equal(nonZeros, weights.Count(weight => weight != 0));
        Assert.Equal(sum, weights.Sum(weight => (double)weight), 1e-7);
        Assert.Equal(largest, weights.Max(), 1e-9);
    }

    [Theory]
    [InlineData(80), InlineData(128)]
    public void Whisper_filters_are_those_of_the_original_file(int bands)
    {
        using ZipArchive archive = ZipFile.OpenRead(TestData.SharedOrSkip("golden/audio/third-party/whisper-mel_filters.npz"));
        float[] published = ReadNpy(archive.GetEntry($"mel_{bands}.npy")!);
        float[] weights = MelRecipes.Whisper(bands).Filters.Weights(16_000, 400);
        Assert.Equal(published, weights);
    }

    [Theory]
    [InlineData(MelScale.Slaney), InlineData(MelScale.Htk)]
    public void Hz_to_mel_and_back(MelScale scale) => Gen.Double[0, 24_000].Sample(hz =>
        Math.Abs(MelFilterBank.ToHz(scale, MelFilterBank.ToMel(scale, hz)) - hz) <= 1e-9 * Math.Max(hz, 1));

    [Fact]
    public void Without_a_norm_neighbouring_flanks_add_up_to_one()
    {
        foreach (MelFlanks flanks in Enum.GetValues<MelFlanks>())
        {
            MelFilterBank bank = new() { Count = 20, Scale = MelScale.Htk, Norm = MelNorm.None, Flanks = flanks, MinHz = 100, MaxHz = 7000 };
            float[] weights = bank.Weights(16_000, 1024);
            double[] edges = bank.Edges();
            for (int bin = 0; bin < 513; bin++)
            {
                double hz = bin * 16_000 / 1024.0;
                if (hz < edges[1] || hz > edges[^2])
                    continue;
                Assert.Equal(1, Enumerable.Range(0, 20).Sum(mel => (double)weights[mel * 513 + bin]), 1e-6);
            }
        }
    }

    [Theory]
    [InlineData(0, 0, 8000), InlineData(80, -1, 8000), InlineData(80, 500, 400), InlineData(80, 0, 8001)]
    public void Impossible_banks_are_refused(int count, double minHz, double maxHz) => Assert.Throws<ArgumentException>(() =>
        new MelFilterBank { Count = count, Scale = MelScale.Slaney, Norm = MelNorm.Area, MinHz = minHz, MaxHz = maxHz }.Weights(16_000, 400));

    // numpy's format: a header of printable text whose length stands at byte 8, then the values.
    private static float[] ReadNpy(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        byte[] bytes = copy.ToArray();
        int header = BitConverter.ToUInt16(bytes, 8);
        Assert.Contains("'<f4'", System.Text.Encoding.ASCII.GetString(bytes, 10, header));
        return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(10 + header)).ToArray();
    }
}
