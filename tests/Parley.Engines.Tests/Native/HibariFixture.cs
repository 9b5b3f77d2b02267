using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests.Native;

/// <summary>The starter voice, opened once for all tests that share it.</summary>
public sealed class HibariFixture : IAsyncLifetime
{
    public ITextToSpeechClient Client { get; private set; } = null!;

    public EngineDescription Engine => (EngineDescription)Client.GetService(typeof(EngineDescription))!;

    public async ValueTask InitializeAsync() =>
        Client = (ITextToSpeechClient)await StarterEngines.Hibari(StarterModels.Open(TestData.Starter(""))).Open(CancellationToken.None);

    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        return ValueTask.CompletedTask;
    }
}
