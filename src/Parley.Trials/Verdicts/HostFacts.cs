using System.Globalization;
using System.Runtime.InteropServices;
using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Trials.Verdicts;

/// <summary>The machine that was measured on. What the system does not tell is <see langword="null"/>.</summary>
public sealed record HostFacts
{
    public required string CpuModel { get; init; }

    public required int CpuLogical { get; init; }

    public int? CpuPhysical { get; init; }

    public required IReadOnlyList<string> CpuFlags { get; init; }

    public long? MemTotalBytes { get; init; }

    public long? SwapTotalBytes { get; init; }

    public required string Os { get; init; }

    public required string Kernel { get; init; }

    public required bool Container { get; init; }

    public long? CgroupMemLimitBytes { get; init; }

    /// <summary>CPUs that the container may use.</summary>
    public double? CpuQuota { get; init; }

    public required IReadOnlyList<GpuFacts> Gpus { get; init; }

    public required bool UnifiedMemory { get; init; }

    public required string UnifiedMemoryBasis { get; init; }

    public string? Governor { get; init; }

    public string? BootIdSha256 { get; init; }

    public double? Load1Before { get; init; }

    public required string Dotnet { get; init; }

    /// <summary>Environment variables that change how .NET compiles, where they are set.</summary>
    public required IReadOnlyDictionary<string, string> DotnetSettings { get; init; }

    private static readonly string[] ToldSettings = ["DOTNET_TieredCompilation", "DOTNET_TieredPGO", "DOTNET_ReadyToRun", "OMP_WAIT_POLICY"];

    private static readonly string[] ToldFlags = ["avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "f16c", "fma", "asimd", "asimddp", "sve", "bf16", "i8mm"];

    public static HostFacts Read(double? loadBefore)
    {
        string cpu = ProcessTable.Read("/proc/cpuinfo") ?? "";
        string[] flags = [.. (Field(cpu, "flags") ?? Field(cpu, "Features") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        List<GpuFacts> gpus = NvidiaGpus();
        bool isApple = OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        return new()
        {
            CpuModel = Field(cpu, "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
            CpuLogical = Environment.ProcessorCount,
            CpuPhysical = int.TryParse(Field(cpu, "cpu cores"), NumberStyles.None, CultureInfo.InvariantCulture, out int cores) ? cores : null,
            CpuFlags = [.. ToldFlags.Where(flags.Contains)],
            MemTotalBytes = ProcessTable.Kilobytes("/proc/meminfo", "MemTotal:") << 10,
            SwapTotalBytes = ProcessTable.Kilobytes("/proc/meminfo", "SwapTotal:") << 10,
            Os = RuntimeInformation.OSDescription,
            Kernel = ProcessTable.Read("/proc/sys/kernel/osrelease")?.Trim() ?? Environment.OSVersion.VersionString,
            Container = File.Exists("/.dockerenv") || File.Exists("/run/.containerenv"),
            CgroupMemLimitBytes = long.TryParse(ProcessTable.Read("/sys/fs/cgroup/memory.max")?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null,
            CpuQuota = Quota(ProcessTable.Read("/sys/fs/cgroup/cpu.max")),
            Gpus = gpus,
            UnifiedMemory = isApple || gpus.Any(gpu => gpu.Integrated),
            UnifiedMemoryBasis = isApple ? "Apple silicon" : gpus.Any(gpu => gpu.Integrated) ? "an integrated NVIDIA GPU" : gpus.Count > 0 ? "NVIDIA GPUs with memory of their own" : "no GPU was found",
            Governor = ProcessTable.Read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")?.Trim(),
            BootIdSha256 = ProcessTable.BootId is { Length: > 0 } boot ? Sha256Text.Of(boot) : null,
            Load1Before = loadBefore,
            Dotnet = RuntimeInformation.FrameworkDescription,
            DotnetSettings = ToldSettings
                .Select(name => (name, Value: Environment.GetEnvironmentVariable(name))).Where(pair => pair.Value is not null).ToDictionary(pair => pair.name, pair => pair.Value!),
        };
    }

    private static string? Field(string text, string name) => text.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line[name.Length..].TrimStart().StartsWith(':'))
        .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()).FirstOrDefault();

    private static double? Quota(string? text) => text?.Split(' ') is [string quota, string period, ..]
        && double.TryParse(quota, NumberStyles.Float, CultureInfo.InvariantCulture, out double microseconds)
        && double.TryParse(period, NumberStyles.Float, CultureInfo.InvariantCulture, out double each) && each > 0 ? microseconds / each : null;

    // The driver's own files: no library has to be loaded, and no program run beside the measurement.
    private static List<GpuFacts> NvidiaGpus()
    {
        const string Folder = "/proc/driver/nvidia/gpus";
        if (!Directory.Exists(Folder))
            return [];
        string? driver = ProcessTable.Read("/sys/module/nvidia/version")?.Trim();
        List<GpuFacts> gpus = [];
        foreach (string gpu in Directory.EnumerateDirectories(Folder).Order(StringComparer.Ordinal))
        {
            string facts = ProcessTable.Read(Path.Combine(gpu, "information")) ?? "";
            string name = Field(facts, "Model") ?? "NVIDIA";
            // Grace Blackwell and Jetson share their memory with the CPU.
            bool isIntegrated = name.Contains("GB10", StringComparison.Ordinal) || name.Contains("Orin", StringComparison.Ordinal) || name.Contains("Thor", StringComparison.Ordinal);
            gpus.Add(new(name, Field(facts, "GPU UUID") is { } id ? Sha256Text.Of(id) : null, driver, isIntegrated));
        }
        return gpus;
    }
}

/// <summary>A GPU.</summary>
public sealed record GpuFacts(string Name, string? UuidSha256, string? Driver, bool Integrated);
