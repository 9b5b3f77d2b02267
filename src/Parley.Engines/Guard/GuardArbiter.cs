using Microsoft.Extensions.Logging;

namespace Parley.Engines;

/// <summary>Asks a guard under a policy: whatever keeps it from judging is a verdict too, which counts as <c>guard.fail</c> says, and the log says so.</summary>
/// <param name="options">The policy.</param>
/// <param name="time">Clock of the budget.</param>
/// <param name="log">Where it is told.</param>
public sealed partial class GuardArbiter(GuardOptions options, TimeProvider time, ILogger log)
{
    /// <summary>True if the words are to be treated as unsafe: they are, or the guard could not tell and the policy fails closed.</summary>
    public bool CountsAsUnsafe(GuardVerdict verdict) => verdict.Outcome == GuardOutcome.Unsafe || (verdict.Outcome == GuardOutcome.Error && options.FailsClosed);

    /// <param name="guard">Opens the guard, or hands out the open one.</param>
    /// <param name="request">What is to be judged.</param>
    /// <param name="budget">How long it may take; <see cref="Timeout.InfiniteTimeSpan"/> to wait as long as the caller does.</param>
    /// <param name="cancel">Nobody wants the verdict any more.</param>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public async Task<GuardVerdict> JudgeAsync(Func<CancellationToken, Task<IGuard>> guard, GuardRequest request, TimeSpan budget, CancellationToken cancel)
    {
        using CancellationTokenSource late = new(budget, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            // A guard that does not notice the token is not waited for either.
            IGuard judge = await guard(either.Token).WaitAsync(either.Token);
            GuardVerdict verdict = await judge.JudgeAsync(request, either.Token).WaitAsync(either.Token);
            return verdict.Outcome == GuardOutcome.Error ? Undecided(null, request.Role, verdict.Problem ?? "it could not tell") : verdict;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return Undecided(null, request.Role, $"no verdict within {budget.TotalSeconds:0.##} s");
        }
#pragma warning disable CA1031 // Whatever keeps a guard from judging, the policy decides what then; the log has the fault.
        catch (Exception fault) when (!cancel.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return Undecided(fault, request.Role, fault.Message);
        }
    }

    private GuardVerdict Undecided(Exception? fault, GuardRole role, string problem)
    {
        LogUndecided(fault, role, problem, options.FailsClosed ? "closed: they count as unsafe" : "open: they pass");
        return new(GuardOutcome.Error, null, [], "guard") { Problem = problem };
    }

    [LoggerMessage(2502, LogLevel.Warning, "The guard gave no verdict on the {Role}'s words: {Problem}; fail {Fail}")]
    private partial void LogUndecided(Exception? fault, GuardRole role, string problem, string fail);
}
