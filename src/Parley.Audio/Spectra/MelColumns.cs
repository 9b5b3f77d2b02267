using System.Numerics;
using System.Numerics.Tensors;

namespace Parley.Audio.Spectra;

/// <summary>Tables that a checkpoint brings along; what is null is computed from the recipe.</summary>
public sealed record MelTables
{
    /// <summary>The window function, as long as the recipe's windows.</summary>
    public float[]? Window { get; init; }

    /// <summary>The filters' weights [bands, bins].</summary>
    public float[]? Filters { get; init; }

    /// <summary>What each band's level is divided by [bands].</summary>
    public float[]? BandDivisors { get; init; }
}

/// <summary>
/// The part of a recipe that looks at single windows: from a signal to levels, several windows side by side [bands, Stft.Lanes].
/// </summary>
internal sealed class MelColumns
{
    private readonly RealFft fft;
    private readonly MelFilters filters;
    private readonly float[] window, frame, re, im;
    private readonly float[]? bandDivisors;
    private readonly int windowOffset;

    public MelColumns(MelRecipe recipe, MelTables? tables)
    {
        recipe.Framing.Check();
        Recipe = recipe;
        int windowSamples = recipe.Framing.WindowSamples;
        if (windowSamples > recipe.FftLength)
            throw new ArgumentException($"A window of {windowSamples} does not fit a transform of {recipe.FftLength}.", nameof(recipe));
        fft = new RealFft(recipe.FftLength, Stft.Lanes);
        window = tables?.Window ?? Window.Create(recipe.Window, recipe.WindowPeriod, windowSamples);
        float[] matrix = tables?.Filters ?? recipe.Filters.Weights(recipe.SampleRate, recipe.FftLength);
        bandDivisors = tables?.BandDivisors;
        Require("window", window.Length, windowSamples);
        Require("filter table", matrix.Length, recipe.Filters.Count * fft.Bins);
        Require("table of divisors", bandDivisors?.Length ?? recipe.Filters.Count, recipe.Filters.Count);
        filters = new MelFilters(matrix, fft.Bins);
        windowOffset = (recipe.FftLength - windowSamples) / 2;
        frame = new float[windowSamples];
        re = new float[fft.Bins * Stft.Lanes];
        im = new float[fft.Bins * Stft.Lanes];
    }

    public MelRecipe Recipe { get; }

    public int Bands => Recipe.Filters.Count;

    /// <summary>Levels of the windows first, first + 1 ...: [Bands, Stft.Lanes]; lanes from <paramref name="count"/> on are meaningless.</summary>
    public void Compute(SignalView signal, int first, int count, Span<float> levels)
    {
        LanesOf.ClearAround(windowOffset, window.Length, fft);
        for (int lane = 0; lane < count; lane++)
        {
            CutWindow(signal, first + lane, frame);
            TensorPrimitives.Multiply(frame, window, frame);
            LanesOf.Scatter(frame, windowOffset, lane, fft);
        }
        fft.ForwardFromWork(re, im);
        Spectrum(re, im, Recipe.Spectrum);
        filters.Apply(re, levels);
        Level(levels);
        if (bandDivisors is not null)
        {
            for (int band = 0; band < bandDivisors.Length; band++)
                TensorPrimitives.Divide(levels.Slice(band * Stft.Lanes, Stft.Lanes), bandDivisors[band], levels.Slice(band * Stft.Lanes, Stft.Lanes));
        }
    }

    private void CutWindow(SignalView signal, int index, Span<float> target)
    {
        long start = Recipe.Framing.Start(index);
        if (Recipe.PreEmphasis is { Scope: PreEmphasisScope.Signal } emphasis)
            signal.CopyEmphasised(start, Recipe.Framing.Padding, emphasis, target);
        else
            signal.Copy(start, Recipe.Framing.Padding, target);
        if (Recipe.RemovesWindowMean)
            TensorPrimitives.Subtract(target, TensorPrimitives.Sum(target) / target.Length, target);
        if (Recipe.PreEmphasis is { Scope: PreEmphasisScope.Window } inWindow)
            Emphasise(target, inWindow);
    }

    private static void Emphasise(Span<float> window, PreEmphasis emphasis)
    {
        float a = (float)emphasis.Coefficient;
        float first = window[0], before = emphasis.Edge switch
        {
            PreEmphasisEdge.Repeated => first,
            PreEmphasisEdge.Mirrored => window.Length > 1 ? window[1] : first,
            _ => 0,
        };
        for (int n = window.Length - 1; n > 0; n--)
            window[n] -= a * window[n - 1];
        window[0] = first - a * before;
    }

    // Writes over the real parts.
    private static void Spectrum(Span<float> re, ReadOnlySpan<float> im, SpectrumKind kind)
    {
        TensorPrimitives.Multiply(re, re, re);
        TensorPrimitives.MultiplyAdd(im, im, re, re);
        if (kind == SpectrumKind.Magnitude)
        {
            TensorPrimitives.Add(re, 1e-9f, re);
            TensorPrimitives.Sqrt(re, re);
        }
    }

    private void Level(Span<float> levels)
    {
        float guard = (float)Recipe.LevelGuard;
        switch (Recipe.Level)
        {
            case LevelScale.LnOfMax:
                TensorPrimitives.Max(levels, guard, levels);
                TensorPrimitives.Log(levels, levels);
                break;
            case LevelScale.LnOfSum:
                TensorPrimitives.Add(levels, guard, levels);
                TensorPrimitives.Log(levels, levels);
                break;
            case LevelScale.Log10OfMax:
                TensorPrimitives.Max(levels, guard, levels);
                TensorPrimitives.Log10(levels, levels);
                break;
        }
    }

    private static void Require(string what, int found, int expected)
    {
        if (found != expected)
            throw new ArgumentException($"The {what} has {found} values; the recipe needs {expected}.");
    }
}
