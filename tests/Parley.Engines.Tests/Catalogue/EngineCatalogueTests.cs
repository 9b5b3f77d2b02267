using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests.Catalogue;

public class EngineCatalogueTests
{
    [Fact]
    public async Task Closing_asks_a_call_to_stop_and_frees_nothing_before_it_has()
    {
        SlowVoice voice = new();
        EngineCatalogue catalogue = new([Voice(_ => Task.FromResult<IDisposable>(voice))]);
        ITextToSpeechClient client = await catalogue.OpenAsync<ITextToSpeechClient>("slow", TestContext.Current.CancellationToken);
        Task<List<TextToSpeechResponseUpdate>> call = client.GetStreamingAudioAsync("one", cancellationToken: TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken).AsTask();
        await voice.Begun.Task;

        Task closing = catalogue.DisposeAsync().AsTask();
        await voice.AskedToStop.Task;

        Assert.False(closing.IsCompleted);
        Assert.False(voice.IsFreed);
        voice.NativeWorkEnds.SetResult();
        await closing;
        Assert.True(voice.IsFreed);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_reader_that_leaves_a_stream_early_holds_nothing_up()
    {
        SlowVoice voice = new();
        voice.NativeWorkEnds.SetResult();
        EngineCatalogue catalogue = new([Voice(_ => Task.FromResult<IDisposable>(voice))]);
        ITextToSpeechClient client = await catalogue.OpenAsync<ITextToSpeechClient>("slow", TestContext.Current.CancellationToken);
        await foreach (TextToSpeechResponseUpdate _ in client.GetStreamingAudioAsync("one", cancellationToken: TestContext.Current.CancellationToken))
            break;

        await catalogue.DisposeAsync();

        Assert.True(voice.IsFreed);
    }

    [Fact]
    public async Task An_engine_that_is_being_opened_is_waited_for_and_closed()
    {
        SlowVoice voice = new();
        TaskCompletionSource<IDisposable> reading = new();
        EngineCatalogue catalogue = new([Voice(_ => reading.Task)]);
        using CancellationTokenSource gone = new();
        Task<ITextToSpeechClient> caller = catalogue.OpenAsync<ITextToSpeechClient>("slow", gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller);

        Task closing = catalogue.DisposeAsync().AsTask();

        Assert.False(closing.IsCompleted);
        reading.SetResult(voice);
        await closing;
        Assert.True(voice.IsFreed);
    }

    [Fact]
    public async Task An_engine_that_cannot_be_opened_keeps_nobody_from_closing()
    {
        EngineCatalogue catalogue = new([Voice(_ => Task.FromException<IDisposable>(new InvalidOperationException("no such device")))]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => catalogue.OpenAsync<ITextToSpeechClient>("slow", TestContext.Current.CancellationToken));
        Assert.Equal((EngineState.Failed, "no such device"), catalogue.StateOf("slow"));
        await catalogue.DisposeAsync();
    }

    [Fact]
    public async Task A_closed_engine_takes_no_more_calls()
    {
        EngineCatalogue catalogue = new([EchoChatClient.Registration]);
        IChatClient brain = await catalogue.OpenAsync<IChatClient>("echo", TestContext.Current.CancellationToken);
        Assert.Equal("echo", brain.GetService<EngineDescription>()!.Name);
        await catalogue.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => brain.GetResponseAsync("Hi.", cancellationToken: TestContext.Current.CancellationToken));
    }

    private static EngineRegistration Voice(Func<CancellationToken, Task<IDisposable>> open) =>
        new(new EngineDescription { Name = "slow", Task = EngineTask.Speech, Description = "Stops when it likes.", Model = "slow" }, open);

    /// <summary>Notices that it should stop, and goes on until its native part has ended.</summary>
    private sealed class SlowVoice : ITextToSpeechClient
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource AskedToStop { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource NativeWorkEnds { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsFreed { get; private set; }

        public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public async IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
            string text, TextToSpeechOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            using CancellationTokenRegistration registration = cancellationToken.Register(AskedToStop.SetResult);
            Begun.SetResult();
            await NativeWorkEnds.Task;
            cancellationToken.ThrowIfCancellationRequested();
            yield return new TextToSpeechResponseUpdate();
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() => IsFreed = true;
    }
}
