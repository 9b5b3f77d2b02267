using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests;

public class SeamTests
{
    [Fact]
    public void A_member_that_was_not_set_is_absent_beside_one_that_was()
    {
        TextToSpeechOptions speech = new() { Seed = 7 };
        SpeechToTextOptions recognition = new() { Prompt = "Gruß" };

        Assert.Equal((7L, null, null), (speech.Seed, speech.Instructions, speech.ReferenceText));
        Assert.Equal(("Gruß", null, null, false, true), (recognition.Prompt, recognition.Temperature, recognition.BeamSize, recognition.WithWords, recognition.CutSilence));
    }
}
