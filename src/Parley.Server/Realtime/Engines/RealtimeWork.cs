using System.Runtime.CompilerServices;
using Parley.Engines;

namespace Parley.Server;

/// <summary>
/// What a conversation asks of an engine goes through the engine's queue, ahead of everything that nobody waits for by ear. An
/// answer runs to its end whether its reader keeps up or not, and then frees its place: a caller who listens slowly delays nobody.
/// </summary>
internal sealed class RealtimeWork(EngineCatalogue catalogue, Admission admission, Warmup warmup, ServerMeasures measures)
{
    /// <param name="engine">Who does it.</param>
    /// <param name="caller">Whom the queue is fair to.</param>
    /// <param name="priority">Who goes first.</param>
    /// <param name="job">The work, with the time that it stood in line.</param>
    /// <param name="cancel">Leaves the queue, or stops the engine.</param>
    public async Task<TResult> RunAsync<TClient, TResult>(EngineDescription engine, string caller, WorkPriority priority, Func<TClient, TimeSpan, Task<TResult>> job, CancellationToken cancel)
        where TClient : class, IDisposable
    {
        try
        {
            using EngineTurn turn = await EnterAsync(engine, caller, priority, cancel);
            TResult result = await job(await catalogue.OpenAsync<TClient>(engine.Name, cancel), turn.Waited);
            warmup.Worked(engine);
            return result;
        }
        catch (Exception thrown)
        {
            measures.Failed(engine, thrown);
            throw;
        }
    }

    /// <summary>The same for an answer that flows.</summary>
    /// <param name="engine">Who does it.</param>
    /// <param name="caller">Whom the queue is fair to.</param>
    /// <param name="job">The work, with the time that it stood in line.</param>
    /// <param name="cancel">Leaves the queue, or stops the engine.</param>
    public async IAsyncEnumerable<T> StreamAsync<TClient, T>(
        EngineDescription engine, string caller, Func<TClient, TimeSpan, CancellationToken, IAsyncEnumerable<T>> job, [EnumeratorCancellation] CancellationToken cancel)
        where TClient : class, IDisposable
    {
        await using Pumped<T> answer = Pumped<T>.Ahead(token => WorkAsync(token), cancel);
        await using IAsyncEnumerator<T> items = answer.ReadAllAsync().GetAsyncEnumerator(cancel);
        while (await NextAsync(items))
            yield return items.Current;

        async IAsyncEnumerable<T> WorkAsync([EnumeratorCancellation] CancellationToken token)
        {
            using EngineTurn turn = await EnterAsync(engine, caller, WorkPriority.Realtime, token);
            TClient client = await catalogue.OpenAsync<TClient>(engine.Name, token);
            await foreach (T item in job(client, turn.Waited, token).WithCancellation(token))
                yield return item;
            warmup.Worked(engine);
        }

        async ValueTask<bool> NextAsync(IAsyncEnumerator<T> items)
        {
            try
            {
                return await items.MoveNextAsync();
            }
            catch (Exception thrown)
            {
                measures.Failed(engine, thrown);
                throw;
            }
        }
    }

    private async Task<EngineTurn> EnterAsync(EngineDescription engine, string caller, WorkPriority priority, CancellationToken cancel)
    {
        try
        {
            EngineTurn turn = await admission.QueueOf(engine).EnterAsync(caller, priority, cancel);
            measures.Waited(engine, turn.Waited);
            return turn;
        }
        catch (QueueFullException)
        {
            measures.Rejected(engine.Name, "queue_full");
            throw;
        }
    }
}
