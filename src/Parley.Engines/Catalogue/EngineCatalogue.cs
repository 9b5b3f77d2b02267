using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Parley.Engines;

/// <summary>One line of the catalogue: an engine's facts, and how to open it. Opening may be slow (a model is loaded) and happens once.</summary>
/// <param name="Description">The facts, known without opening.</param>
/// <param name="Open">Makes the client: an <c>ITextToSpeechClient</c>, <c>ISpeechToTextClient</c> or <c>IChatClient</c>, as the task says.</param>
public sealed record EngineRegistration(EngineDescription Description, Func<CancellationToken, Task<IDisposable>> Open);

/// <summary>Every engine of this process by name. The first registration of a task is its default. Owns the opened clients.</summary>
public sealed class EngineCatalogue : IAsyncDisposable
{
    private readonly Dictionary<string, EngineRegistration> registrations = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<IDisposable>>> opened = new(StringComparer.Ordinal);
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
    /// <typeparam name="TClient"><c>ITextToSpeechClient</c>, <c>ISpeechToTextClient</c> or <c>IChatClient</c>.</typeparam>
    /// <exception cref="UnknownEngineException">No engine has this name, or it is for another task.</exception>
    public async Task<TClient> OpenAsync<TClient>(string name, CancellationToken cancel = default)
        where TClient : class, IDisposable
    {
        if (!registrations.TryGetValue(name, out EngineRegistration? registration))
            throw new UnknownEngineException(name, Nearest.Of(name, registrations.Keys));
        Lazy<Task<IDisposable>> opening = opened.GetOrAdd(name, _ => new(() => registration.Open(closing.Token)));
        try
        {
            IDisposable client = await opening.Value.WaitAsync(cancel);
            return client as TClient
                ?? throw new UnknownEngineException(name, $"it is for {registration.Description.Task.ToString().ToLowerInvariant()}");
        }
        catch when (opening.Value.IsFaulted || opening.Value.IsCanceled)
        {
            opened.TryRemove(new KeyValuePair<string, Lazy<Task<IDisposable>>>(name, opening));
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        foreach (Lazy<Task<IDisposable>> opening in opened.Values)
        {
            if (opening.IsValueCreated && opening.Value.IsCompletedSuccessfully)
                (await opening.Value).Dispose();
        }
        closing.Dispose();
    }
}
