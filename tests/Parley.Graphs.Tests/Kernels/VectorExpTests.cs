using System.Runtime.Intrinsics;

namespace Parley.Graphs.Tests;

public class VectorExpTests
{
    [Fact]
    public void It_is_within_two_units_of_the_last_place()
    {
        Assert.SkipUnless(NativeOperators.AreSupported, "This processor has no AVX2: the runtime's operators are used.");
        Gen.Float[-87, 88].Sample(x =>
        {
            float y = VectorExp.Of(Vector256.Create(x))[3];
            double exact = Math.Exp(x);
            Assert.True(Math.Abs(y - exact) <= 2.4e-7 * exact, $"e^{x} came out as {y}, not as {exact}.");
        }, iter: 20000);
    }

    [Fact]
    public void Beyond_its_limits_it_nearly_ends_and_no_number_stays_none()
    {
        Assert.SkipUnless(NativeOperators.AreSupported, "This processor has no AVX2: the runtime's operators are used.");
        Vector256<float> y = VectorExp.Of(Vector256.Create(float.NegativeInfinity, -1000, 0, 1000, float.PositiveInfinity, float.NaN, 1, -0f));
        Assert.InRange(y[0], 0, 1.3e-38f);
        Assert.InRange(y[1], 0, 1.3e-38f);
        Assert.Equal(1, y[2]);
        Assert.InRange(y[3], 2e38f, float.MaxValue);
        Assert.InRange(y[4], 2e38f, float.MaxValue);
        Assert.Equal(float.NaN, y[5]);
        Assert.Equal(1, y[7]);
    }
}
