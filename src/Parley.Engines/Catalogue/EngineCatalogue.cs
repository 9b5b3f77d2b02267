using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>One line of the catalogue: an engine's facts, and how to open it. Opening may be slow (a model is loaded) and happens once.</summary>
/// <param name="Description">The facts, known without opening.</param>
/// <param name="Open">Makes the client: an <c>ITextToSpeechClient</c>, <c>ISpeechToTextClient</c>, <c>IChatClient</c> or <see cref="ITurnDetector"/>, as the task says.</param>
public sealed record EngineRegistration(EngineDescription Description, Func<CancellationToken, Task<IDisposable>> Open);

/// <summary>How far the opening of an engine has come.</summary>
public enum EngineState
{
    /// <summary>Nobody has asked for it yet.</summary>
    Idle,

    /// <summary>Its model is being loaded.</summary>
    Loading,

    /// <summary>It takes work.</summary>
    Ready,

    /// <summary>It could not be opened; the next request tries again.</summary>
    Failed,
}

/// <summary>Every engine of this process by name. The first registration of a task is its default. Owns the opened clients.</summary>
public sealed class EngineCatalogue : IAsyncDisposable
{
    private readonly Dictionary<string, EngineRegistration> registrations = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<OpenedEngine>>> opened = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> failures = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource closing = new();

    /// <exception cref="ArgumentException">Two engines have one name.</exception>
    public EngineCatalogue(IEnumerable<EngineRegistration> registrations)
    {
        List<EngineDescription> engines = [];
        foreach (EngineRegistration registration in registrations)
        {
            if (!this.registrations.TryAdd(registration.Description.Name, registration))
                throw new ArgumentException($"Two engines are named '{registration.Description.Name}'.", nameof(registrations));
            engines.Add(registration.Description);
        }
        Engines = engines;
    }

    /// <summary>All engines, in the order they were registered.</summary>
    public IReadOnlyList<EngineDescription> Engines { get; }

    /// <returns>The first engine registered for the task, or <see langword="null"/>.</returns>
    public EngineDescription? Default(EngineTask task) => Engines.FirstOrDefault(engine => engine.Task == task);

    public bool TryFind(string name, [NotNullWhen(true)] out EngineDescription? engine)
    {
        engine = registrations.TryGetValue(name, out EngineRegistration? registration) ? registration.Description : null;
        return engine is not null;
    }

    /// <summary>The client of an engine, opened at the first call and kept. A failed opening is tried again at the next call.</summary>
    /// <typeparam name="TClient"><c>ITextToSpeechClient</c>, <c>ISpeechToTextClient</c>, <c>IChatClient</c> or <see cref="ITurnDetector"/>.</typeparam>
    /// <exception cref="UnknownEngineException">No engine has this name, or it is for another task.</exception>
    public async Task<TClient> OpenAsync<TClient>(string name, CancellationToken cancel = default)
        where TClient : class, IDisposable
    {
        if (!registrations.TryGetValue(name, out EngineRegistration? registration))
            throw new UnknownEngineException(name, Nearest.Of(name, registrations.Keys) is { } near ? $"did you mean '{near}'?" : null);
        Lazy<Task<OpenedEngine>> opening = opened.GetOrAdd(name, _ => new(() => OpenAsync(registration)));
        try
        {
            OpenedEngine engine = await opening.Value.WaitAsync(cancel);
            failures.TryRemove(name, out _);
            return engine.Client as TClient
                ?? throw new UnknownEngineException(name, $"it is for {registration.Description.Task.ToString().ToLowerInvariant()}.");
        }
        catch when (opening.Value.IsFaulted || opening.Value.IsCanceled)
        {
            if (opening.Value.Exception?.InnerException is { } failure)
                failures[name] = failure.Message;
            opened.TryRemove(new KeyValuePair<string, Lazy<Task<OpenedEngine>>>(name, opening));
            throw;
        }
    }

    /// <summary>Whether an engine is open, and why not if it failed to.</summary>
    public (EngineState State, string? Problem) StateOf(string name)
    {
        if (opened.TryGetValue(name, out Lazy<Task<OpenedEngine>>? opening) && opening.IsValueCreated)
            return opening.Value.IsCompletedSuccessfully ? (EngineState.Ready, null) : (EngineState.Loading, null);
        return failures.TryGetValue(name, out string? problem) ? (EngineState.Failed, problem) : (EngineState.Idle, null);
    }

    /// <summary>What the open engines hold of the memory, as far as they tell.</summary>
    public IEnumerable<(string Name, EngineMemory Memory)> MemoryInUse()
    {
        foreach ((string name, Lazy<Task<OpenedEngine>> opening) in opened)
        {
            if (!opening.IsValueCreated || !opening.Value.IsCompletedSuccessfully)
                continue;
            EngineMemory? memory = opening.Value.Result.Engine switch
            {
                IChatClient client => client.GetService(typeof(EngineMemory)) as EngineMemory,
                Llama.LlamaGuard guard => guard.Memory,
                _ => null,
            };
            if (memory is not null)
                yield return (name, memory);
        }
    }

    /// <summary>
    /// Asks all openings and calls under way to stop, and closes the engines when the last of them has ended. A model that is being
    /// read cannot be interrupted; whoever cannot wait for it must leave the process without running native destructors.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        foreach (Lazy<Task<OpenedEngine>> opening in opened.Values.Where(opening => opening.IsValueCreated))
        {
            await ((Task)opening.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // one that failed left nothing open
            if (opening.Value.IsCompletedSuccessfully)
                await opening.Value.Result.DisposeAsync();
        }
        closing.Dispose();
    }

    private async Task<OpenedEngine> OpenAsync(EngineRegistration registration) =>
        new(await registration.Open(closing.Token));
}
