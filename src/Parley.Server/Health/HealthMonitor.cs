using System.Collections.Concurrent;
using System.Reflection;
using Parley.Engines;

namespace Parley.Server;

/// <summary>The health of every engine of the server.</summary>
internal sealed class HealthMonitor(ServerOptions options, BaselineFile baselines, TimeProvider time)
{
    /// <summary>Of the program, without the commit that a build may append.</summary>
    public static readonly string Version =
        (typeof(HealthMonitor).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];

    private readonly ConcurrentDictionary<string, ComponentHealth> components = new(StringComparer.Ordinal);

    public ComponentHealth Of(EngineDescription engine) =>
        components.GetOrAdd(engine.Name, _ => new ComponentHealth(options.Health, time, baselines.Find(Key(engine))));

    public void Succeeded(EngineDescription engine, double value, bool isUnloaded)
    {
        ComponentHealth component = Of(engine);
        if (component.Succeeded(value, isUnloaded) && component.Baseline is { } usual)
            baselines.Keep(Key(engine), usual);
    }

    public void Failed(EngineDescription engine) => Of(engine).Failed();

    /// <summary>What the latencies of an engine are, for people and programs.</summary>
    public static (string Name, string Unit) Measure(EngineTask task) => task switch
    {
        EngineTask.Speech => ("time_to_first_audio", "ms"),
        EngineTask.Transcription => ("real_time_factor", "1"),
        EngineTask.Chat => ("time_to_first_token", "ms"),
        EngineTask.TurnDetection => ("time_to_decision", "ms"),
        EngineTask.Guard => ("time_to_verdict", "ms"),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    // Another model, another version of the program or another machine make another usual.
    private static string Key(EngineDescription engine) => $"{engine.Name}|{engine.Model}|{Version}|{Environment.MachineName}";
}
