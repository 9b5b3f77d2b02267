using System.Globalization;

namespace Parley.Audio.Tests.Segmentation;

public class SpeechSegmenterTests
{
    private const int Rate = 16_000, Window = 512;

    // Results of Silero's own code: value times windows, and a recording 100 samples shorter than the windows.
    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["A"] = ".1x10 .9x20 .1x3 .9x10 .1x10",
        ["B"] = ".9x8 .1x10 .9x7 .1x10 .9x9 .1x5",
        ["C"] = ".1x2 .9x30 .4x10 .9x20 .2x3 .6x5 .2x4 .9x60 .1x4 .9x40 .1x3 .9x50 .1x20",
        ["D"] = ".9x300",
        ["E"] = ".1x5 .9x40 .1x5 .9x40 .1x6 .9x40 .1x5",
    };

    [Theory]
    [InlineData("A", "", "4640-22496")]
    [InlineData("A", "max=2", "4640-22496")]
    [InlineData("A", "silence=400", "4640-27036")]
    [InlineData("A", "pad=200", "1920-25216")]
    [InlineData("B", "", "0-4576 17440-23008")]
    [InlineData("B", "silence=400", "0-24988")]
    [InlineData("B", "pad=200", "0-7296 14720-24988")]
    [InlineData("C", "", "544-118752")]
    [InlineData("C", "max=2", "544-32224 32800-36320 37408-69088 70176-101632 101632-118752")]
    [InlineData("C", "max=2 last", "544-32224 32800-64256 64256-95488 95488-118752")]
    [InlineData("C", "max=3 silence=2000", "544-36320 37408-69088 70176-117504 117504-128412")]
    [InlineData("D", "", "0-153500")]
    [InlineData("D", "max=2", "0-30976 30976-62208 62208-93440 93440-124672 124672-153500")]
    [InlineData("D", "max=3", "0-46848 46848-93952 93952-141056 141056-153500")]
    [InlineData("E", "", "2080-23520 25120-46560 48672-70112")]
    [InlineData("E", "max=3 silence=2000", "2080-46560 48672-72092")]
    [InlineData("E", "pad=200", "0-24320 24320-47616 47616-72092")]
    public void A_recording_is_cut_as_the_reference_cuts_it(string script, string settings, string expected)
    {
        float[] probabilities = Probabilities(script);
        IReadOnlyList<SpeechSegment> segments =
            SpeechSegmenter.Find(probabilities, Window * probabilities.Length - 100, Options(settings), Rate, Window);
        Assert.Equal(expected, string.Join(' ', segments.Select(segment => $"{segment.Start}-{segment.End}")));
    }

    [Theory]
    [InlineData("A", "10:Start:4640 47:End:22496")]
    [InlineData("B", "0:Start:0 12:End:4576 18:Start:8736 29:End:13280 35:Start:17440 48:End:23008")]
    [InlineData("C", "2:Start:544 235:End:118752")]
    [InlineData("E", "5:Start:2080 49:End:23520 50:Start:25120 94:End:46560 96:Start:48672 140:End:70112")]
    public void A_live_listener_hears_the_edges_of_the_reference(string script, string expected)
    {
        SpeechEdges edges = new(Rate, Window);
        List<string> heard = [];
        foreach ((int window, float probability) in Probabilities(script).Index())
        {
            SpeechEdge edge = edges.Push(probability, out long sample);
            if (edge != SpeechEdge.None)
                heard.Add($"{window}:{edge}:{sample}");
        }
        Assert.Equal(expected, string.Join(' ', heard));
    }

    [Fact]
    public void Speech_must_go_on_before_it_counts_as_begun()
    {
        SpeechEdges edges = new(Rate, Window) { MinSpeech = TimeSpan.FromMilliseconds(64) };
        Assert.Equal(SpeechEdge.None, edges.Push(0.9f, out _));
        Assert.Equal(SpeechEdge.None, edges.Push(0.1f, out _)); // a click
        Assert.Equal(SpeechEdge.None, edges.Push(0.9f, out _));
        Assert.Equal(SpeechEdge.Start, edges.Push(0.9f, out long start));
        Assert.Equal(2 * Window - 480, start);
    }

    [Fact]
    public void A_stream_is_cut_as_the_whole_recording() =>
        Gen.Select(GenProbabilities, GenOptions, Gen.Int[0, Window - 1]).Sample((probabilities, options, missing) =>
        {
            long samples = Math.Max(0, Window * (long)probabilities.Length - missing);
            IReadOnlyList<SpeechSegment> whole = SpeechSegmenter.Find(probabilities, samples, options, Rate, Window);
            return whole.SequenceEqual(Stream(probabilities, samples, options));
        });

    [Fact]
    public void Stretches_are_in_order_inside_the_recording_and_never_overlap() =>
        Gen.Select(GenProbabilities, GenOptions).Sample((probabilities, options) =>
        {
            long samples = Window * (long)probabilities.Length, end = 0;
            foreach (SpeechSegment segment in SpeechSegmenter.Find(probabilities, samples, options, Rate, Window))
            {
                if (segment.Start < end || segment.End <= segment.Start || segment.End > samples)
                    return false;
                if (options.MaxSpeech is { } max && segment.Samples > Rate * max.TotalSeconds + Window)
                    return false;
                end = segment.End;
            }
            return true;
        });

    [Fact]
    public void Sound_that_need_not_be_kept_is_in_no_later_stretch() =>
        Gen.Select(GenProbabilities, GenOptions).Sample((probabilities, options) =>
        {
            SpeechSegmenter segmenter = new(options, Rate, Window);
            long free = 0;
            bool Kept()
            {
                while (segmenter.TryTake(out SpeechSegment segment))
                {
                    if (segment.Start < free)
                        return false;
                }
                return true;
            }
            foreach (float probability in probabilities)
            {
                segmenter.Push(probability);
                if (!Kept() || segmenter.EarliestStart < free)
                    return false;
                free = segmenter.EarliestStart;
            }
            segmenter.Finish(Window * (long)probabilities.Length);
            return Kept();
        });

    [Fact]
    public void A_window_allocates_nothing()
    {
        SpeechSegmenter segmenter = new(new SegmentationOptions(), Rate, Window);
        void Push(int windows)
        {
            for (int i = 0; i < windows; i++)
            {
                segmenter.Push(i % 40 < 20 ? 0.9f : 0.1f);
                while (segmenter.TryTake(out _)) { }
            }
        }
        Push(1000);
        Assert.Equal(0, SteadyState.AllocatedBytes(() => Push(1000)));
    }

    [Fact]
    public void Impossible_options_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new SpeechSegmenter(new() { Threshold = 0 }, Rate, Window));
        Assert.Throws<ArgumentException>(() => new SpeechSegmenter(new() { NegativeThreshold = 0.6f }, Rate, Window));
        Assert.Throws<ArgumentException>(() => new SpeechSegmenter(new() { MaxSpeech = TimeSpan.FromMilliseconds(50) }, Rate, Window));
        Assert.Throws<ArgumentException>(() => new SpeechSegmenter(new() { MinSilence = TimeSpan.FromMilliseconds(-1) }, Rate, Window));
    }

    private static readonly Gen<float[]> GenProbabilities = Gen.Select(Gen.Float[0, 1], Gen.Int[1, 60])
        .Array[0, 40].Select(runs => runs.SelectMany(run => Enumerable.Repeat(run.Item1, run.Item2)).ToArray());

    private static readonly Gen<SegmentationOptions> GenOptions = Gen.Select(Gen.Int[0, 600], Gen.Int[0, 900], Gen.Int[0, 250], Gen.Int[0, 5], Gen.Bool)
        .Select((speech, silence, pad, max, last) => new SegmentationOptions
        {
            MinSpeech = TimeSpan.FromMilliseconds(speech),
            MinSilence = TimeSpan.FromMilliseconds(silence),
            Padding = TimeSpan.FromMilliseconds(pad),
            MaxSpeech = max == 0 ? null : TimeSpan.FromSeconds(max),
            Cut = last ? SpeechCut.LastSilence : SpeechCut.LongestSilence,
        });

    private static List<SpeechSegment> Stream(float[] probabilities, long samples, SegmentationOptions options)
    {
        SpeechSegmenter segmenter = new(options, Rate, Window);
        List<SpeechSegment> segments = [];
        foreach (float probability in probabilities)
        {
            segmenter.Push(probability);
            while (segmenter.TryTake(out SpeechSegment segment))
                segments.Add(segment);
        }
        segmenter.Finish(samples);
        while (segmenter.TryTake(out SpeechSegment segment))
            segments.Add(segment);
        return segments;
    }

    private static float[] Probabilities(string script) =>
    [
        .. Scripts[script].Split(' ').Select(run => run.Split('x')).SelectMany(run =>
            Enumerable.Repeat(float.Parse(run[0], CultureInfo.InvariantCulture), int.Parse(run[1], CultureInfo.InvariantCulture))),
    ];

    private static SegmentationOptions Options(string settings)
    {
        SegmentationOptions options = new();
        foreach (string setting in settings.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int value = setting.Contains('=', StringComparison.Ordinal) ? int.Parse(setting.Split('=')[1], CultureInfo.InvariantCulture) : 0;
            options = setting.Split('=')[0] switch
            {
                "max" => options with { MaxSpeech = TimeSpan.FromSeconds(value) },
                "silence" => options with { MinSilence = TimeSpan.FromMilliseconds(value) },
                "pad" => options with { Padding = TimeSpan.FromMilliseconds(value) },
                "last" => options with { Cut = SpeechCut.LastSilence },
                _ => throw new ArgumentException(setting),
            };
        }
        return options;
    }
}
