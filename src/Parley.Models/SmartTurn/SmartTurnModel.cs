using Microsoft.ML.OnnxRuntime.Tensors;
using Parley.Graphs;

namespace Parley.Models.SmartTurn;

/// <summary>
/// Smart Turn, version 3: has the speaker finished? Heard from the last 8 s of sound. Holds the weights, once for all judges;
/// dispose of it after the last of them. pipecat-ai/pipecat: audio/turn/smart_turn/local_smart_turn_v3.py.
/// </summary>
public sealed class SmartTurnModel : IDisposable
{
    private readonly OnnxModel model;

    private SmartTurnModel(OnnxModel model) => this.model = model;

    /// <exception cref="OnnxModelException">The file is missing, damaged or another model.</exception>
    public static SmartTurnModel Open(string path)
    {
        OnnxModel model = OnnxModel.Open(path);
        try
        {
            model.Require(model.Inputs, SmartTurnJudge.InputName, TensorElementType.Float);
            model.Require(model.Outputs, SmartTurnJudge.OutputName, TensorElementType.Float);
            if (model.Inputs[SmartTurnJudge.InputName].Dimensions is not [_, SmartTurnJudge.Bands, SmartTurnJudge.MelFrames])
            {
                throw new OnnxModelException(path, $"hears [{string.Join(", ", model.Inputs[SmartTurnJudge.InputName].Dimensions)}] instead of "
                    + $"{SmartTurnJudge.Bands} bands of {SmartTurnJudge.MelFrames} melFrames. Version 3 of Smart Turn is wanted.");
            }
            return new SmartTurnModel(model);
        }
        catch (OnnxModelException)
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Buffers for one judgement at a time. The caller disposes of them.</summary>
    public SmartTurnJudge CreateJudge() => new(model.Bind());

    public void Dispose() => model.Dispose();
}
