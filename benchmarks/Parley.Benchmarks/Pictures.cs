using System.Globalization;
using System.Text;
using Parley.Audio;
using Parley.Audio.Spectra;

namespace Parley.Benchmarks;

/// <summary>The pictures of docs/audio.md, measured and drawn.</summary>
internal static class Pictures
{
    private const int Width = 760, Height = 320, Left = 62, Top = 34, Right = 16, Bottom = 46;
    private const double LowestKilohertz = 5, HighestKilohertz = 11, LowestDecibels = -150, HighestDecibels = 10;
    private const int FromHz = 16_000, ToHz = 48_000;

    public static void Draw(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "resampler.svg"), ResamplerResponse());
    }

    private static string ResamplerResponse()
    {
        (ResamplingFilter Filter, string Colour)[] curves =
        [
            (ResamplingFilter.Default, "#3b6fd6"), (ResamplingFilter.LowLatency, "#d1495b"),
            (ResamplingFilter.Finest, "#2a9d6f"), (ResamplingFilter.TorchaudioTransform, "#c98a1b"),
        ];
        StringBuilder svg = new();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="12" fill="#5a6570">""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<rect width="{Width}" height="{Height}" fill="#ffffff"/>""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<clipPath id="area"><rect x="{Left}" y="{Top}" width="{Width - Left - Right}" height="{Height - Top - Bottom}"/></clipPath>""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Left}" y="20" font-size="14" fill="#20262c">Resampling from 16 to 48 kHz: what lies above 8 kHz is an image</text>""");
        for (double kilohertz = LowestKilohertz; kilohertz <= HighestKilohertz; kilohertz++)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<line x1="{Across(kilohertz):F1}" x2="{Across(kilohertz):F1}" y1="{Top}" y2="{Height - Bottom + 4}" stroke="#dfe4e8"/>""");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Across(kilohertz):F1}" y="{Height - Bottom + 18}" text-anchor="middle">{kilohertz}</text>""");
        }
        for (double decibels = LowestDecibels; decibels <= 0; decibels += 30)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<line x1="{Left - 4}" x2="{Width - Right}" y1="{Down(decibels):F1}" y2="{Down(decibels):F1}" stroke="#dfe4e8"/>""");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Left - 8}" y="{Down(decibels) + 4:F1}" text-anchor="end">{decibels}</text>""");
        }
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{(Left + Width - Right) / 2}" y="{Height - 10}" text-anchor="middle">kHz</text>""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text transform="translate(16 {(Top + Height - Bottom) / 2}) rotate(-90)" text-anchor="middle">dB</text>""");
        foreach ((int i, (ResamplingFilter filter, string colour)) in curves.Index())
        {
            string points = string.Join(' ', Response(filter).Select(point => string.Create(CultureInfo.InvariantCulture, $"{Across(point.Kilohertz):F1},{Down(point.Decibels):F1}")));
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<polyline clip-path="url(#area)" fill="none" stroke="{colour}" stroke-width="1.4" points="{points}"/>""");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Width - Right - 8}" y="{Top + 16 + 15 * i}" text-anchor="end" fill="{colour}">{filter.Name}</text>""");
        }
        return svg.AppendLine("</svg>").ToString();
    }

    // An impulse that is brought to a multiple of its rate is the filter's whole impulse response, as many times too strong.
    private static IEnumerable<(double Kilohertz, double Decibels)> Response(ResamplingFilter filter)
    {
        const int Length = 9600;
        float[] impulse = new float[Length * FromHz / ToHz];
        impulse[impulse.Length / 2] = 1;
        RealFft fft = new(Length);
        float[] re = new float[fft.Bins], im = new float[fft.Bins];
        fft.Forward(Resampler.Convert(impulse, FromHz, ToHz, filter), re, im);
        for (int bin = 0; bin < fft.Bins; bin++)
        {
            double kilohertz = bin * (ToHz / 1000.0) / Length, amplitude = double.Hypot(re[bin], im[bin]) * FromHz / ToHz;
            if (kilohertz is >= LowestKilohertz and <= HighestKilohertz)
                yield return (kilohertz, 20 * Math.Log10(Math.Max(amplitude, 1e-9)));
        }
    }

    private static double Across(double kilohertz) => Left + (kilohertz - LowestKilohertz) / (HighestKilohertz - LowestKilohertz) * (Width - Left - Right);

    private static double Down(double decibels) => Height - Bottom - (decibels - LowestDecibels) / (HighestDecibels - LowestDecibels) * (Height - Top - Bottom);
}
