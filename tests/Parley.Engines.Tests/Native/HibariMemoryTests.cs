using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests.Native;

[Collection(nameof(MeasuredAlone))]
public class HibariMemoryTests(HibariFixture hibari) : IClassFixture<HibariFixture>
{
    [Fact]
    public async Task A_long_text_needs_no_more_memory_than_a_short_one()
    {
        string text = string.Concat(Enumerable.Repeat("One sentence is like another. ", 60));
        long after = 0;
        int updates = 0;
        await foreach (TextToSpeechResponseUpdate update in hibari.Client.GetStreamingAudioAsync(text))
        {
            if (++updates == 100)
                after = GC.GetTotalMemory(forceFullCollection: true);
        }
        Assert.True(updates > 900, $"{updates} updates");
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - after, long.MinValue, 8 << 20);
    }
}
