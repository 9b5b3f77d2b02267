using System.Numerics;
using System.Runtime.CompilerServices;

namespace Parley.Audio.Spectra;

/// <summary>As many complex numbers as a vector register holds floats.</summary>
internal readonly struct ComplexVector(Vector<float> re, Vector<float> im)
{
    public readonly Vector<float> Re = re, Im = im;

    public static ComplexVector operator +(ComplexVector a, ComplexVector b) => new(a.Re + b.Re, a.Im + b.Im);

    public static ComplexVector operator -(ComplexVector a, ComplexVector b) => new(a.Re - b.Re, a.Im - b.Im);

    public static ComplexVector operator *(ComplexVector a, Vector<float> factor) => new(a.Re * factor, a.Im * factor);

    /// <summary>a · (cos + i sin).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ComplexVector Turn(Vector<float> cos, Vector<float> sin) =>
        new(Vector.FusedMultiplyAdd(Re, cos, -(Im * sin)), Vector.FusedMultiplyAdd(Re, sin, Im * cos));

    /// <summary>a · i.</summary>
    public ComplexVector TimesI => new(-Im, Re);

    public ComplexVector Conjugate => new(Re, -Im);

    public void CopyTo(Span<float> re, Span<float> im)
    {
        Re.CopyTo(re);
        Im.CopyTo(im);
    }

    /// <summary>a + b · factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ComplexVector Plus(ComplexVector b, Vector<float> factor) =>
        new(Vector.FusedMultiplyAdd(b.Re, factor, Re), Vector.FusedMultiplyAdd(b.Im, factor, Im));
}
