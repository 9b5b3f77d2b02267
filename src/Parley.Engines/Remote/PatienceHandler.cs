using System.Net.Http.Headers;

namespace Parley.Engines;

/// <summary>Waits for the head of an answer, and for each further piece of it, only so long.</summary>
internal sealed class PatienceHandler(TimeSpan patience, TimeProvider time, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource idle = new(patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken);
        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, either.Token);
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing came for {patience.TotalSeconds:0.#} s");
        }
        HttpContent whole = response.Content;
        StreamContent content = new(new IdleTimeoutStream(await whole.ReadAsStreamAsync(cancellationToken), patience, time));
        foreach (KeyValuePair<string, HeaderStringValues> header in whole.Headers.NonValidated)
            content.Headers.TryAddWithoutValidation(header.Key, header.Value);
        response.Content = content;
        return response;
    }
}
