using Microsoft.ML.OnnxRuntime;

namespace Parley.Graphs;

/// <summary>
/// The process's one ONNX Runtime environment: every session shares one intra-op pool of as many threads as the process may
/// use cores, and an idle pool sleeps instead of spinning. Everything that opens a session takes its options from here, so
/// that nothing else touches the runtime first and gives it pools of its own.
/// </summary>
public static class OnnxEnvironment
{
    private static readonly Lazy<OrtEnv> Environment = new(Create);

    /// <summary>Threads of the shared pool, the calling thread included.</summary>
    public static int Threads { get; } = System.Environment.ProcessorCount; // knows the container's limit and the affinity mask

    /// <summary>Fresh options of a session on the shared pool. The caller owns them and may add to them.</summary>
    public static SessionOptions CreateSessionOptions()
    {
        _ = Environment.Value;
        SessionOptions options = new()
        {
            EnableMemoryPattern = false, // plans memory for one shape; ours change with every call
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        };
        options.DisablePerSessionThreads();
        return options;
    }

    private static OrtEnv Create()
    {
        EnvironmentCreationOptions options = new()
        {
            logId = "parley",
            logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // whatever matters arrives as an exception; stderr belongs to the program
            threadOptions = new OrtThreadingOptions
            {
                GlobalIntraOpNumThreads = Threads,
                GlobalInterOpNumThreads = 1,
                GlobalSpinControl = false,
            },
        };
        return OrtEnv.CreateInstanceWithOptions(ref options);
    }
}
