using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Parley.Server;

/// <summary>The body of a stream: every piece goes out at once, and a reader that takes nothing for too long is cut.</summary>
/// <remarks>A player that pauses reads slowly for good reasons, so the server's own minimum rate is switched off for it.</remarks>
internal sealed class PatientBody
{
    private readonly HttpContext context;
    private readonly TimeSpan idle;
    private readonly TimeProvider time;
    private readonly CancellationToken cancel;

    public PatientBody(HttpContext context, TimeSpan idle, TimeProvider time, CancellationToken cancel)
    {
        this.context = context;
        this.idle = idle;
        this.time = time;
        this.cancel = cancel;
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    /// <exception cref="ApiException">The reader took nothing for the allowed time.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        ValueTask<System.IO.Pipelines.FlushResult> write = context.Response.BodyWriter.WriteAsync(bytes, cancel);
        if (write.IsCompletedSuccessfully)
        {
            _ = write.Result;
            return;
        }
        try
        {
            await write.AsTask().WaitAsync(idle, time, cancel);
        }
        catch (TimeoutException)
        {
            throw ApiException.Timeout(FormattableString.Invariant($"The reader took nothing for {idle.TotalSeconds:0} s."));
        }
    }
}
