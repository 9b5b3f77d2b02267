using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests;

public class SpeechExtensionsTests
{
    [Fact]
    public void A_member_that_was_not_set_is_null_beside_one_that_was()
    {
        TextToSpeechOptions options = new() { Seed = 3 };
        Assert.Equal(3, options.Seed);
        Assert.Null(options.Instructions);
        Assert.Null(options.ReferenceAudio);
        Assert.Empty(new TextToSpeechResponseUpdate { Seed = 1 }.Words);
    }

    [Fact]
    public void The_same_holds_for_transcription()
    {
        SpeechToTextOptions options = new() { Prompt = "Parley" };
        Assert.Null(options.BeamSize);
        Assert.Null(options.Temperature);
    }
}
