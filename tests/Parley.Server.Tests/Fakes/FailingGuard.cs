using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>Holds "bomb" for unsafe, and breaks over "dragon".</summary>
internal sealed class FailingGuard : IGuard
{
    public EngineDescription Description => DenyListGuard.Facts;

    public IReadOnlyList<GuardCategory> Categories => [];

    public static EngineRegistration Registration => new(DenyListGuard.Facts, _ => Task.FromResult<IDisposable>(new FailingGuard()));

    public Task<GuardVerdict> JudgeAsync(GuardRequest request, CancellationToken cancel = default)
    {
        string text = request.Messages[^1].Text;
        if (text.Contains("dragon", StringComparison.Ordinal))
            throw new InvalidOperationException("The guard broke.");
        bool isUnsafe = text.Contains("bomb", StringComparison.Ordinal);
        return Task.FromResult(new GuardVerdict(isUnsafe ? GuardOutcome.Unsafe : GuardOutcome.Safe, isUnsafe ? 1 : 0, [], "failing"));
    }

    public void Dispose()
    {
    }
}
