using System.Runtime.Intrinsics.X86;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Parley.Graphs;

/// <summary>Parley's own operators, which stand in for the runtime's where this processor has the instructions for them.</summary>
internal static unsafe class NativeOperators
{
    private static readonly Lazy<nint> Domain = new(() =>
    {
        nint domain = OrtApi.CreateDomain(NativeOperator.Literal("parley"u8));
        OrtApi.AddOperator(domain, (nint)PanelProduct.Define());
        OrtApi.AddOperator(domain, (nint)CachedAttention.Define());
        OrtApi.AddOperator(domain, (nint)GatedSilu.Define());
        Introduce(domain);
        return domain;
    });

    /// <summary>True if they run on this processor; <see cref="PanelProduct"/> needs more.</summary>
    public static bool AreSupported => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>Makes them known to a session.</summary>
    public static void AddTo(SessionOptions options) => OrtApi.AddDomain(options.DangerousGetHandle(), Domain.Value);

    /// <summary>
    /// Opens a session that does nothing. The first session with a new domain enters its name into a list of the process, and fails when
    /// another does so at the same time: two models that are opened together would not both open.
    /// </summary>
    private static void Introduce(nint domain)
    {
        using SessionOptions options = OnnxEnvironment.CreateSessionOptions();
        OrtApi.AddDomain(options.DangerousGetHandle(), domain);
        GraphBuilder g = new("nothing", Precision.F32);
        Value x = g.Input("x", 1);
        ModelProto model = g.Output("y", x + x).Build().ToOnnx(initializer => initializer.ToInline(_ => { }, default));
        using InferenceSession first = new(model.ToByteArray(), options);
    }
}
