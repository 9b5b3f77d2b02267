using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Parley.Graphs.Tests;

public class OnnxModelTests
{
    [Fact]
    public void A_starter_model_opens_and_names_its_inputs()
    {
        using OnnxModel model = OnnxModel.Open(TestData.Starter("hibari/hibari.onnx"));
        Assert.Equal(["ids", "speed"], model.Inputs.Keys.Order());
        model.Require(model.Inputs, "ids", TensorElementType.Int64);
    }

    [Fact]
    public void A_wrong_name_or_type_is_told_with_the_file()
    {
        using OnnxModel model = OnnxModel.Open(TestData.Starter("hibari/hibari.onnx"));
        OnnxModelException absent = Assert.Throws<OnnxModelException>(() => model.Require(model.Inputs, "mels", TensorElementType.Float));
        Assert.Contains("'mels' among", absent.Message);
        Assert.Contains("hibari.onnx", absent.Message);
        Assert.Contains("instead of Float", Assert.Throws<OnnxModelException>(() => model.Require(model.Inputs, "ids", TensorElementType.Float)).Message);
    }

    [Fact]
    public void A_file_cut_short_is_told_with_its_name()
    {
        byte[] whole = File.ReadAllBytes(TestData.Starter("hibari/hibari.onnx"));
        OnnxModelException fault = Assert.Throws<OnnxModelException>(() => OnnxModel.Open("voices/hibari.onnx", whole[..(whole.Length / 2)]));
        Assert.StartsWith("voices/hibari.onnx", fault.Message);
    }

    [Fact]
    public void A_missing_file_is_told_with_its_name() =>
        Assert.Contains("absent.onnx is missing", Assert.Throws<OnnxModelException>(() => OnnxModel.Open("absent.onnx")).Message);

    [Fact]
    public void Wrong_inputs_surface_as_our_exception()
    {
        using OnnxModel model = OnnxModel.Open(TestData.Starter("hibari/hibari.onnx"));
        using OrtValue ids = OrtValue.CreateTensorValueFromMemory(new float[] { 1 }, [1, 1]);
        Assert.Throws<OnnxModelException>(() => model.Run(["ids"], [ids], ["lh"]));
    }

    [Fact]
    public void A_cancelled_run_is_a_cancellation()
    {
        using OnnxModel model = OnnxModel.Open(TestData.Starter("hibari/hibari.onnx"));
        using OrtValue ids = OrtValue.CreateTensorValueFromMemory(new long[] { 0, 56, 0 }, [1, 3]);
        using OrtValue speed = OrtValue.CreateTensorValueFromMemory(new float[] { 1 }, [1]);
        using CancellationTokenSource cancel = new();
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => model.Run(["ids", "speed"], [ids, speed], ["lh"], cancel.Token));
    }
}
