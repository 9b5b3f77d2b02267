namespace Parley.Models.Hibari;

/// <summary>
/// What the network says about one piece: five spectra and the pitch, <see cref="Frames"/> spectral frames of 12.5 ms.
/// The spans belong to whoever made them.
/// </summary>
/// <param name="frames">Spectral frames, F.</param>
/// <param name="lh">Log gain of the voiced pulses, [601, F].</param>
/// <param name="theta">Their phase shift before tanh and π, [601, F].</param>
/// <param name="ln">Log gain of the noise, [601, F].</param>
/// <param name="lr">Log magnitude of the remainder, [601, F].</param>
/// <param name="phi">Phase of the remainder in radians, [601, F].</param>
/// <param name="f0">Pitch in Hz, near 0 where unvoiced, [F].</param>
public readonly ref struct HibariSpectra(
    int frames, ReadOnlySpan<float> lh, ReadOnlySpan<float> theta, ReadOnlySpan<float> ln, ReadOnlySpan<float> lr,
    ReadOnlySpan<float> phi, ReadOnlySpan<float> f0)
{
    public int Frames { get; } = frames;

    public ReadOnlySpan<float> Lh { get; } = lh;

    public ReadOnlySpan<float> Theta { get; } = theta;

    public ReadOnlySpan<float> Ln { get; } = ln;

    public ReadOnlySpan<float> Lr { get; } = lr;

    public ReadOnlySpan<float> Phi { get; } = phi;

    public ReadOnlySpan<float> F0 { get; } = f0;
}
