using Parley.Engines.Llama;

namespace Parley.Engines.Tests.Llama;

public class SamplingTests
{
    private static readonly float[] Logits = [1f, 3f, 2f, -40f, 2.5f];
    private readonly SamplerBuffers buffers = new(Logits.Length);

    [Fact]
    public void Temperature_zero_takes_the_likeliest_and_of_equals_the_first()
    {
        Assert.Equal(1, Next(new() { Temperature = 0 }));
        Assert.Equal(0, new TokenSampler(new() { Temperature = 0 }, [], []).Next([7f, 7f, 1f], buffers));
    }

    [Fact]
    public void Draws_follow_the_probabilities_at_every_temperature()
    {
        foreach (float temperature in (float[])[0.5f, 1f, 2f])
        {
            int[] counts = Count(new() { Temperature = temperature }, 20_000);
            double whole = Logits.Sum(logit => Math.Exp(logit / temperature));
            for (int token = 0; token < Logits.Length; token++)
                Assert.Equal(Math.Exp(Logits[token] / temperature) / whole, counts[token] / 20_000.0, 0.015);
        }
    }

    [Fact]
    public void Top_k_leaves_the_k_likeliest() => Assert.Equal([1, 4], Drawn(new() { TopK = 2 }));

    [Fact]
    public void Top_p_leaves_the_smallest_set_that_reaches_p()
    {
        // e^3 : e^2.5 : e^2 : e = 0.466 : 0.283 : 0.172 : 0.063 and a rest
        Assert.Equal([1], Drawn(new() { TopP = 0.4f }));
        Assert.Equal([1, 4], Drawn(new() { TopP = 0.6f }));
        Assert.Equal([1], Drawn(new() { TopP = 0 }));
    }

    [Fact]
    public void Min_p_leaves_what_is_near_the_likeliest() => Assert.Equal([1, 4], Drawn(new() { MinP = 0.5f })); // e^-0.5 is 0.61, e^-1 is 0.37

    [Fact]
    public void A_bias_counts_before_all_else()
    {
        Assert.Equal(3, Next(new() { Temperature = 0, Bias = new Dictionary<int, float> { [3] = 100 } }));
        Assert.DoesNotContain(1, Drawn(new() { Bias = new Dictionary<int, float> { [1] = -100 } }));
    }

    [Fact]
    public void Banned_tokens_never_come() => Assert.Equal(4, new TokenSampler(new() { Temperature = 0 }, [], [1]).Next(Logits, buffers));

    [Fact]
    public void Penalties_count_what_was_answered()
    {
        TokenSampler presence = new(new() { Temperature = 0, PresencePenalty = 0.6f }, [1], []);
        Assert.Equal([1, 4, 1], [presence.Next(Logits, buffers), presence.Next(Logits, buffers), presence.Next(Logits, buffers)]);
        TokenSampler frequency = new(new() { Temperature = 0, FrequencyPenalty = 0.4f }, [], []);
        Assert.Equal([1, 1, 4], [frequency.Next(Logits, buffers), frequency.Next(Logits, buffers), frequency.Next(Logits, buffers)]);
        TokenSampler repetition = new(new() { Temperature = 0, RepetitionPenalty = 2 }, [1], []);
        Assert.Equal([4, 2], [repetition.Next(Logits, buffers), repetition.Next(Logits, buffers)]); // the prompt's token counts too
    }

    [Fact]
    public void A_seed_gives_the_same_draws() => Gen.Long.Sample(seed =>
    {
        SamplerBuffers own = new(Logits.Length);
        TokenSampler one = new(new() { Seed = seed }, [], []), two = new(new() { Seed = seed }, [], []);
        return Enumerable.Range(0, 20).All(_ => one.Next(Logits, own) == two.Next(Logits, own));
    });

    [Fact]
    public void Choosing_the_likeliest_allocates_nothing()
    {
        TokenSampler sampler = new(new() { Temperature = 0 }, [], []);
        Assert.Equal(0, SteadyState.AllocatedBytes(() => sampler.Next(Logits, buffers)));
        TokenSampler warm = new(new() { TopP = 0.9f }, [], []);
        for (int i = 0; i < 200; i++)
            warm.Next(Logits, buffers);
        Assert.Equal(0, SteadyState.AllocatedBytes(() => warm.Next(Logits, buffers)));
    }

    [Fact]
    public void A_stop_text_is_found_in_any_chunking() =>
        Gen.Select(Gen.String[Gen.Char["ab."], 0, 20], Gen.String[Gen.Char["ab."], 1, 4].Array[1, 3], Gen.Int[1, 5].Array[1, 20]).Sample((text, stops, sizes) =>
        {
            StopFilter filter = new(stops);
            string said = "";
            for (int at = 0, i = 0; at < text.Length; i++)
            {
                int size = Math.Min(sizes[i % sizes.Length], text.Length - at);
                said += filter.Push(text.Substring(at, size));
                at += size;
            }
            said += filter.Found is null ? filter.Finish() : "";
            // Whichever match ends first in the stream decides; with single characters that is the whole text's.
            int[] ends = [.. stops.Select(stop => text.IndexOf(stop, StringComparison.Ordinal)).Where(place => place >= 0)];
            return ends.Length == 0 ? said == text : filter.Found is not null && text.StartsWith(said + filter.Found, StringComparison.Ordinal);
        });

    private int? Next(SamplingOptions options) => new TokenSampler(options, [], []).Next(Logits, buffers);

    private int[] Count(SamplingOptions options, int draws)
    {
        TokenSampler sampler = new(options, [], []);
        int[] counts = new int[Logits.Length];
        for (int i = 0; i < draws; i++)
            counts[sampler.Next(Logits, buffers)!.Value]++;
        return counts;
    }

    private int[] Drawn(SamplingOptions options) => [.. Count(options, 500).Index().Where(entry => entry.Item > 0).OrderByDescending(entry => Logits[entry.Index]).Select(entry => entry.Index)];
}
