using Microsoft.Extensions.Hosting;

namespace Parley.Server;

/// <summary>Leaves the signals to the program that the server runs in, which stops it with <c>StopAsync</c>. The host's own lifetime would answer them too, and talk about it.</summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
