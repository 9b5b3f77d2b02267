using Polly;
using Polly.Retry;

namespace Parley.Engines;

/// <summary>
/// Tries again when no connection came about: then nothing was sent, and a second try cannot do anything twice. Whatever goes
/// wrong later is the caller's to know.
/// </summary>
internal sealed class ConnectRetryHandler : DelegatingHandler
{
    private readonly ResiliencePipeline<HttpResponseMessage> pipeline;

    public ConnectRetryHandler(TimeProvider time, HttpMessageHandler inner) : base(inner) =>
        pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = new PredicateBuilder<HttpResponseMessage>().Handle<HttpRequestException>(fault =>
                    fault.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError),
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(200),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .Build();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        pipeline.ExecuteAsync(async (message, cancel) => await base.SendAsync(message, cancel), request, cancellationToken).AsTask();
}
