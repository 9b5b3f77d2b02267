using Microsoft.Extensions.Time.Testing;

namespace Parley.Agent.Tests;

/// <summary>A clock that a test moves. What the wall clock says may be wrong, as after a correction from the network; timers and time stamps go on.</summary>
internal sealed class StagedTime : FakeTimeProvider
{
    public TimeSpan WallClockError { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + WallClockError;

    public override long GetTimestamp() => base.GetUtcNow().Ticks; // the base takes them from what the wall clock says
}
