using System.Globalization;
using System.Net;
using System.Text;

namespace Parley.Trials.Verdicts;

/// <summary>A small plot as SVG, drawn by hand: two axes with round ticks, and marks in the coordinates of the data. Infinite values sit at the edge.</summary>
internal sealed class SvgPlot
{
    private const int Left = 62, Right = 18, Top = 14, Bottom = 40;

    private readonly int width, height;
    private readonly double lowX, highX, lowY, highY;
    private readonly StringBuilder marks = new();

    /// <param name="width">Of the picture in pixels, as is <paramref name="height"/>.</param>
    /// <param name="height">Of the picture.</param>
    /// <param name="x">What the horizontal axis spans.</param>
    /// <param name="y">What the vertical axis spans.</param>
    public SvgPlot(int width, int height, (double Low, double High) x, (double Low, double High) y)
    {
        (this.width, this.height) = (width, height);
        (lowX, highX) = x.High > x.Low ? x : (x.Low, x.Low + 1);
        (lowY, highY) = y.High > y.Low ? y : (y.Low, y.Low + 1);
    }

    /// <summary>0 to a little beyond the largest finite value.</summary>
    public static (double Low, double High) FromZero(IEnumerable<double> values)
    {
        double high = values.Where(double.IsFinite).DefaultIfEmpty(1).Max();
        return (0, high > 0 ? 1.06 * high : 1);
    }

    public void Dot(double x, double y, string kind, string title, double radius = 3.5) =>
        marks.Append(CultureInfo.InvariantCulture, $"<circle class=\"{kind}\" cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"{radius}\"><title>{Text(title)}</title></circle>");

    public void Line(double x1, double y1, double x2, double y2, string kind) =>
        marks.Append(CultureInfo.InvariantCulture, $"<line class=\"{kind}\" x1=\"{X(x1):0.#}\" y1=\"{Y(y1):0.#}\" x2=\"{X(x2):0.#}\" y2=\"{Y(y2):0.#}\"/>");

    /// <summary>A line across the whole plot at a height.</summary>
    public void Level(double y, string kind, string label)
    {
        if (y > highY || y < lowY)
            return;
        Line(lowX, y, highX, y, kind);
        marks.Append(CultureInfo.InvariantCulture, $"<text class=\"note\" x=\"{width - Right - 4}\" y=\"{Y(y) - 4:0.#}\" text-anchor=\"end\">{Text(label)}</text>");
    }

    /// <summary>A line from bottom to top at a place.</summary>
    public void Upright(double x, string kind, string label)
    {
        if (x > highX || x < lowX)
            return;
        Line(x, lowY, x, highY, kind);
        bool isLate = x - lowX > (highX - lowX) / 2; // then the words stand before the line
        marks.Append(CultureInfo.InvariantCulture, $"<text class=\"note\" x=\"{X(x) + (isLate ? -4 : 4):0.#}\" y=\"{height - Bottom - 6}\" text-anchor=\"{(isLate ? "end" : "start")}\">{Text(label)}</text>");
    }

    /// <summary>Steps through points: constant up to the next one.</summary>
    public void Steps(IReadOnlyList<(double X, double Y)> points, string kind)
    {
        if (points.Count == 0)
            return;
        StringBuilder path = new();
        path.Append(CultureInfo.InvariantCulture, $"M{X(lowX):0.#},{Y(lowY):0.#}");
        foreach ((double x, double y) in points)
            path.Append(CultureInfo.InvariantCulture, $"H{X(x):0.#}V{Y(y):0.#}");
        marks.Append(CultureInfo.InvariantCulture, $"<path class=\"{kind}\" d=\"{path}\"/>");
    }

    /// <summary>The picture.</summary>
    /// <param name="label">For those who cannot see it.</param>
    /// <param name="xTitle">Below the horizontal axis.</param>
    /// <param name="yTitle">Beside the vertical axis; ticks are left out where <paramref name="rows"/> name them.</param>
    /// <param name="rows">Names at 0, 1, 2 ... of the vertical axis, from the top.</param>
    public string Draw(string label, string xTitle, string yTitle, IReadOnlyList<string>? rows = null)
    {
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{Text(label)}\">");
        foreach (double tick in Ticks(lowX, highX, (width - Left - Right) / 80))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{X(tick):0.#}\" y1=\"{Top}\" x2=\"{X(tick):0.#}\" y2=\"{height - Bottom}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{X(tick):0.#}\" y=\"{height - Bottom + 15}\" text-anchor=\"middle\">{tick:0.###}</text>");
        }
        if (rows is null)
        {
            foreach (double tick in Ticks(lowY, highY, (height - Top - Bottom) / 40))
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" y1=\"{Y(tick):0.#}\" x2=\"{width - Right}\" y2=\"{Y(tick):0.#}\"/>");
                svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{Left - 6}\" y=\"{Y(tick) + 4:0.#}\" text-anchor=\"end\">{tick:0.###}</text>");
            }
        }
        foreach ((int i, string row) in (rows ?? []).Index())
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{Left - 6}\" y=\"{Y(i) + 4:0.#}\" text-anchor=\"end\">{Text(row)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"frame\" x=\"{Left}\" y=\"{Top}\" width=\"{width - Left - Right}\" height=\"{height - Top - Bottom}\"/>");
        svg.Append(marks);
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{(Left + width - Right) / 2}\" y=\"{height - 6}\" text-anchor=\"middle\">{Text(xTitle)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" transform=\"translate(13 {(Top + height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Text(yTitle)}</text>");
        return svg.Append("</svg>").ToString();
    }

    /// <summary>Multiples of 1, 2 or 5 times a power of ten: about as many as wanted, and never fewer than two.</summary>
    internal static IEnumerable<double> Ticks(double low, double high, int wanted)
    {
        double rough = (high - low) / Math.Max(5, wanted), power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        for (double tick = Math.Ceiling(low / step); tick * step <= high * (1 + 1e-9); tick++)
            yield return tick * step + 0.0; // a negative zero becomes zero
    }

    internal static string Text(string text) => WebUtility.HtmlEncode(text);

    private double X(double value) => Left + (width - Left - Right) * Share(value, lowX, highX);

    private double Y(double value) => height - Bottom - (height - Top - Bottom) * Share(value, lowY, highY);

    private static double Share(double value, double low, double high) => double.IsNaN(value) ? 0 : Math.Clamp((value - low) / (high - low), 0, 1);
}
