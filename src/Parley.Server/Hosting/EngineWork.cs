using Microsoft.AspNetCore.Http;
using Parley.Engines;

namespace Parley.Server;

/// <summary>What every request that makes an engine work goes through: its clock, the engine's queue, the opening of the engine, and the notes about how it went.</summary>
internal sealed class EngineWork(EngineCatalogue catalogue, Admission admission, Warmup warmup, Drain drain, ServerOptions options, ServerMeasures measures, TimeProvider time)
{
    /// <param name="context">The request.</param>
    /// <param name="engine">The engine that it needs.</param>
    /// <param name="priority">Its place in the queue.</param>
    /// <param name="job">The work, with the engine's client, its slot, and the clock whose token it must carry.</param>
    public async Task RunAsync<TClient>(HttpContext context, EngineDescription engine, WorkPriority priority, Func<TClient, EngineTurn, RequestClock, Task> job)
        where TClient : class, IDisposable
    {
        if (warmup.IsLoading(engine))
            throw ApiException.Unavailable("model_loading", $"'{engine.Name}' is being loaded. /health/ready says when it is there.", Warmup.RetryAfter);
        using RequestClock clock = new(context, drain, options.Limits, time);
        try
        {
            using EngineTurn turn = await EnterAsync(context, engine, priority, clock.Token);
            measures.Waited(engine, turn.Waited);
            TClient client = await catalogue.OpenAsync<TClient>(engine.Name, clock.Token);
            await job(client, turn, clock);
            warmup.Worked(engine);
        }
        catch (OperationCanceledException) when (clock.Reason() is { } reason)
        {
            throw reason;
        }
        catch (Exception thrown)
        {
            measures.Failed(engine, thrown);
            throw;
        }
    }

    private async Task<EngineTurn> EnterAsync(HttpContext context, EngineDescription engine, WorkPriority priority, CancellationToken cancel)
    {
        try
        {
            return await admission.QueueOf(engine).EnterAsync(Caller.Of(context), priority, cancel);
        }
        catch (QueueFullException)
        {
            measures.Rejected(engine.Name, "queue_full");
            throw;
        }
    }
}
