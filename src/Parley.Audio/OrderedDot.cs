using System.Numerics;
using System.Runtime.InteropServices;

namespace Parley.Audio;

/// <summary>
/// The sum of products, always added in the same order, so that a result does not depend on where in memory its inputs lie or on
/// how they were cut into portions; <c>TensorPrimitives.Dot</c> does not promise that.
/// </summary>
internal static class OrderedDot
{
    /// <summary>Lengths must be multiples of this: a vector of 512 bits.</summary>
    public const int Alignment = 16;

    /// <param name="a">At least as long as <paramref name="b"/>.</param>
    /// <param name="b">A multiple of <see cref="Alignment"/> long.</param>
    public static float Of(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(a.Length, b.Length, nameof(a));
        ref float x = ref MemoryMarshal.GetReference(a);
        ref float y = ref MemoryMarshal.GetReference(b);
        Vector<float> s0 = Vector<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        nuint i = 0, width = (nuint)Vector<float>.Count, length = (nuint)b.Length;
        for (; i + 4 * width <= length; i += 4 * width)
        {
            s0 = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x, i), Vector.LoadUnsafe(ref y, i), s0);
            s1 = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x, i + width), Vector.LoadUnsafe(ref y, i + width), s1);
            s2 = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x, i + 2 * width), Vector.LoadUnsafe(ref y, i + 2 * width), s2);
            s3 = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x, i + 3 * width), Vector.LoadUnsafe(ref y, i + 3 * width), s3);
        }
        for (; i < length; i += width)
            s0 = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x, i), Vector.LoadUnsafe(ref y, i), s0);
        return Vector.Sum(s0 + s1 + (s2 + s3));
    }
}
