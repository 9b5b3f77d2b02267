namespace Parley.Audio.Tests.Segmentation;

public class SpeechWindowsTests
{
    /// <summary>The mean of a window stands for its probability, so that every sample counts.</summary>
    private sealed class MeanDetector : ISpeechDetector
    {
        public int SampleRate => 16_000;

        public int WindowSamples => 512;

        public float Next(ReadOnlySpan<float> window)
        {
            float sum = 0;
            foreach (float sample in window)
                sum += sample;
            return sum / window.Length;
        }

        public void Reset() { }

        public void Dispose() { }
    }

    [Fact]
    public void Portions_of_any_size_give_the_same_windows() =>
        Gen.Select(Gen.Float[0, 1].Array[0, 3000], Gen.Int[1, 700].Array[1, 20]).Sample((sound, sizes) =>
        {
            List<float> expected = [];
            MeanDetector detector = new();
            for (int i = 0; i < sound.Length; i += 512)
            {
                float[] window = new float[512];
                sound.AsSpan(i, Math.Min(512, sound.Length - i)).CopyTo(window);
                expected.Add(detector.Next(window));
            }

            List<float> heard = [];
            SpeechWindows windows = new(detector);
            int taken = 0;
            for (int i = 0; taken < sound.Length; i++)
            {
                ReadOnlySpan<float> portion = sound.AsSpan(taken, Math.Min(sizes[i % sizes.Length], sound.Length - taken));
                taken += portion.Length;
                while (windows.Read(ref portion, out float probability))
                    heard.Add(probability);
            }
            if (windows.Flush(out float last))
                heard.Add(last);
            return heard.SequenceEqual(expected) && windows.Samples == sound.Length;
        });
}
