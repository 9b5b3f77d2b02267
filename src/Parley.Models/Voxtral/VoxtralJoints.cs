namespace Parley.Models.Voxtral;

/// <summary>
/// Puts the pieces of a long text end to end: each is faded at its very ends, so that no step is heard where two independent
/// waveforms meet, with a short pause between them.
/// </summary>
/// <param name="sampleRate">In Hz.</param>
public sealed class VoxtralJoints(int sampleRate)
{
    private const double PauseSeconds = 0.15; // the model leaves quiet of its own after a sentence
    private const double FadeSeconds = 0.005;

    private bool isStart = true;

    /// <summary>A run of samples of the current piece, as the receiver may keep it.</summary>
    /// <param name="samples">The codec's.</param>
    /// <param name="isEnd">True if the piece ends with them.</param>
    public float[] Piece(ReadOnlySpan<float> samples, bool isEnd)
    {
        float[] run = samples.ToArray();
        int fade = Math.Min((int)(sampleRate * FadeSeconds), run.Length);
        for (int i = 0; i < fade; i++)
        {
            float gain = (i + 0.5f) / fade;
            if (isStart)
                run[i] *= gain;
            if (isEnd)
                run[^(i + 1)] *= gain;
        }
        isStart = false;
        return run;
    }

    public float[] Pause()
    {
        isStart = true;
        return new float[(int)(sampleRate * PauseSeconds)];
    }
}
