using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Trials.Running;

/// <summary>Says which process works on a trial. A lock whose owner is gone, or from before the last boot, counts as none.</summary>
internal sealed class TrialLock : IDisposable
{
    private readonly string path;

    private TrialLock(string path) => this.path = path;

    /// <exception cref="TrialException">Another process holds it.</exception>
    public static TrialLock Take(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
                ProcessIdentity self = ProcessTable.Self;
                JsonSerializer.Serialize(stream, new LockOwner(self.Pid, self.StartTicks, ProcessTable.BootId), LockJson.Default.LockOwner);
                stream.Flush(flushToDisk: true);
                return new TrialLock(path);
            }
            catch (IOException) when (File.Exists(path) && attempt < 3)
            {
                if (OwnerOf(path) is { } owner)
                    throw new TrialException($"The trial is being worked on by process {owner.Pid}. 'parley trial watch' shows it, 'parley trial stop' ends it.");
                File.Delete(path);
            }
        }
    }

    /// <returns>The process that holds the lock, if it is alive.</returns>
    public static ProcessIdentity? OwnerOf(string path)
    {
        if (ProcessTable.Read(path) is not { } text)
            return null;
        try
        {
            LockOwner? owner = JsonSerializer.Deserialize(text, LockJson.Default.LockOwner);
            ProcessIdentity process = new(owner!.Pid, owner.StartTicks);
            return owner.BootId == ProcessTable.BootId && ProcessTable.IsAlive(process) ? process : null;
        }
        catch (JsonException)
        {
            return null; // its owner died while writing it
        }
    }

    public void Dispose() => File.Delete(path);
}

internal sealed record LockOwner(int Pid, long StartTicks, string BootId);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LockOwner))]
internal sealed partial class LockJson : JsonSerializerContext;
