using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>When the work for one request must stop: the client is gone, its time is over, or the server stops.</summary>
internal sealed class RequestClock : IDisposable
{
    private readonly CancellationTokenSource deadline;
    private readonly CancellationTokenSource linked;
    private readonly CancellationToken cut;
    private readonly TimeSpan total;

    public RequestClock(HttpContext context, Drain drain, LimitOptions limits, TimeProvider time)
    {
        total = limits.Total;
        cut = drain.Cut;
        deadline = new CancellationTokenSource(limits.Total, time);
        linked = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Cut, deadline.Token);
    }

    /// <summary>Carried by all work of the request.</summary>
    public CancellationToken Token => linked.Token;

    /// <returns>What to tell the client; <see langword="null"/> if it is the client who left.</returns>
    public ApiException? Reason()
    {
        if (cut.IsCancellationRequested)
            return ApiException.Stopping("The server is stopping.");
        if (deadline.IsCancellationRequested)
            return ApiException.Timeout(FormattableString.Invariant($"The request took longer than {total.TotalSeconds:0} s, the limit here."));
        return null;
    }

    public void Dispose()
    {
        linked.Dispose();
        deadline.Dispose();
    }
}
