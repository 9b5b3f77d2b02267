using System.Threading.Channels;

namespace Parley.Agent;

/// <summary>How stages end.</summary>
internal static class StageExtensions
{
    /// <summary>Closes a channel once the stage that fills it is done. The reader meets the stage's fault behind everything written before it.</summary>
    public static async Task CompleteAfterAsync<T>(this ChannelWriter<T> writer, Task stage)
    {
        await stage.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        writer.Complete(stage.IsFaulted ? stage.Exception.InnerException : stage.IsCanceled ? new TaskCanceledException(stage) : null);
        await stage;
    }
}
