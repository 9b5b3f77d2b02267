namespace Parley.Engines.Tests.Whisper;

/// <summary>Sounds without speech, 16 kHz.</summary>
internal static class Sounds
{
    private const int Rate = 16_000;

    /// <param name="sound"><c>silence</c>, <c>hush</c>, <c>noise</c>, <c>hum</c>, <c>music</c>, <c>tick</c> of 50 ms, or <c>nothing</c>.</param>
    public static float[] Make(string sound)
    {
        Random random = new(1);
        return sound switch
        {
            "silence" => new float[10 * Rate],
            "long silence" => [.. Enumerable.Range(0, 70 * Rate).Select(_ => random.Next(-1, 2) / 32768f)], // dither; the models are surest about whole windows of it
            "hush" => [.. Enumerable.Range(0, 10 * Rate).Select(_ => (float)(random.NextDouble() - 0.5) * 0.004f)],
            "noise" => [.. Enumerable.Range(0, 10 * Rate).Select(_ => (float)(random.NextDouble() - 0.5) * 0.2f)],
            "hum" => [.. Enumerable.Range(0, 10 * Rate).Select(i => 0.2f * MathF.Sin(2 * MathF.PI * 50 * i / Rate) + 0.05f * MathF.Sin(2 * MathF.PI * 150 * i / Rate))],
            "music" => [.. Enumerable.Range(0, 20 * Rate).Select(Music)],
            "tick" => [.. Enumerable.Range(0, Rate / 20).Select(i => 0.5f * MathF.Sin(2 * MathF.PI * 1000 * i / Rate))],
            "nothing" => [],
            _ => throw new ArgumentOutOfRangeException(nameof(sound), sound, "There is no such sound."),
        };
    }

    /// <summary>A piano of sorts: four chords of plucked strings, two a second, over a bass and a drum.</summary>
    private static float Music(int i)
    {
        (double C, double E, double G)[] chords = [(261.6, 329.6, 392), (220, 261.6, 329.6), (174.6, 220, 261.6), (196, 246.9, 293.7)];
        double time = (double)i / Rate, since = time % 0.5;
        (double c, double e, double g) = chords[(int)(time / 2) % chords.Length];
        double strings = Math.Exp(-5 * since) * (Pluck(c, time) + Pluck(e, time) + Pluck(g, time));
        double drum = Math.Exp(-30 * since) * Math.Sin(2 * Math.PI * 60 * since);
        return (float)(0.08 * strings + 0.1 * Math.Sin(2 * Math.PI * c / 4 * time) + 0.2 * drum);
    }

    private static double Pluck(double pitch, double time) =>
        Math.Sin(2 * Math.PI * pitch * time) + 0.5 * Math.Sin(4 * Math.PI * pitch * time) + 0.25 * Math.Sin(6 * Math.PI * pitch * time);
}
