using System.Globalization;
using System.Text;

namespace Parley.Benchmarks.Drawing;

/// <summary>An axis of a plot.</summary>
/// <param name="Label">What and in which unit.</param>
/// <param name="From">Value at the left or the bottom.</param>
/// <param name="To">Value at the right or the top.</param>
/// <param name="Ticks">Where numbers stand.</param>
/// <param name="IsLogarithmic">True if equal ratios are equally long.</param>
internal sealed record Axis(string Label, double From, double To, IReadOnlyList<double> Ticks, bool IsLogarithmic = false)
{
    /// <summary>0 at From, 1 at To.</summary>
    public double Place(double value) => IsLogarithmic
        ? Math.Log(value / From) / Math.Log(To / From)
        : (value - From) / (To - From);
}

/// <summary>A picture with two axes, of curves or of an image, as SVG that is readable on light and dark pages.</summary>
internal sealed class Plot(string title, Axis x, Axis y)
{
    private const int Width = 760, Height = 320, Left = 62, Top = 34, Right = 16, Bottom = 46;
    private static readonly string[] Colours = ["#3b6fd6", "#d1495b", "#2a9d6f", "#c98a1b", "#7d5ba6", "#5a6570"];

    private readonly StringBuilder content = new(), legend = new();
    private int series;

    /// <summary>Adds a curve; what leaves the axes is cut off, and where a value is NaN it is interrupted.</summary>
    public void Curve(string name, IEnumerable<(double X, double Y)> points, double width = 1.4)
    {
        StringBuilder line = new();
        bool isOpen = false;
        foreach ((double at, double value) in points)
        {
            if (!double.IsNaN(value))
                line.Append(CultureInfo.InvariantCulture, $"{(isOpen ? 'L' : 'M')}{AcrossOf(at):F1} {DownOf(value):F1}");
            isOpen = !double.IsNaN(value);
        }
        Stroke(name, line, width);
    }

    /// <summary>Adds dots; a NaN is none.</summary>
    public void Dots(string name, IEnumerable<(double X, double Y)> points)
    {
        StringBuilder dots = new();
        foreach ((double at, double value) in points)
        {
            if (!double.IsNaN(value))
                dots.Append(CultureInfo.InvariantCulture, $"M{AcrossOf(at):F1} {DownOf(value):F1}h0");
        }
        Stroke(name, dots, width: 3);
    }

    private void Stroke(string name, StringBuilder path, double width)
    {
        string colour = Colours[series++ % Colours.Length];
        content.AppendLine(CultureInfo.InvariantCulture, $"""<path clip-path="url(#area)" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round" d="{path}"/>""");
        legend.Append(CultureInfo.InvariantCulture, $"""{(legend.Length > 0 ? "&#160;&#160;&#160;" : "")}<tspan fill="{colour}">{name}</tspan>""");
    }

    /// <summary>Fills the area with an image.</summary>
    public void Image(byte[] png) => content.AppendLine(CultureInfo.InvariantCulture,
        $"""<image x="{Left}" y="{Top}" width="{Width - Left - Right}" height="{Height - Top - Bottom}" preserveAspectRatio="none" href="data:image/png;base64,{Convert.ToBase64String(png)}"/>""");

    public void Save(string path)
    {
        StringBuilder svg = new();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="12" fill="#5a6570">""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<rect width="{Width}" height="{Height}" fill="#ffffff"/>""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<clipPath id="area"><rect x="{Left}" y="{Top}" width="{Width - Left - Right}" height="{Height - Top - Bottom}"/></clipPath>""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Left}" y="20" font-size="14" fill="#20262c">{title}</text>""");
        foreach (double tick in x.Ticks)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<line x1="{AcrossOf(tick):F1}" x2="{AcrossOf(tick):F1}" y1="{Top}" y2="{Height - Bottom + 4}" stroke="#dfe4e8"/>""");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{AcrossOf(tick):F1}" y="{Height - Bottom + 18}" text-anchor="middle">{tick}</text>""");
        }
        foreach (double tick in y.Ticks)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<line x1="{Left - 4}" x2="{Width - Right}" y1="{DownOf(tick):F1}" y2="{DownOf(tick):F1}" stroke="#dfe4e8"/>""");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Left - 8}" y="{DownOf(tick) + 4:F1}" text-anchor="end">{tick}</text>""");
        }
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{(Left + Width - Right) / 2}" y="{Height - 10}" text-anchor="middle">{x.Label}</text>""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text transform="translate(16 {(Top + Height - Bottom) / 2}) rotate(-90)" text-anchor="middle">{y.Label}</text>""");
        svg.Append(content);
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Width - Right}" y="20" text-anchor="end" font-weight="bold">{legend}</text>""");
        svg.AppendLine("</svg>");
        File.WriteAllText(path, svg.ToString());
    }

    private double AcrossOf(double value) => Left + x.Place(value) * (Width - Left - Right);

    private double DownOf(double value) => Height - Bottom - y.Place(value) * (Height - Top - Bottom);
}
