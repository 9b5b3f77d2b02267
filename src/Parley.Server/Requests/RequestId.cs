using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>The name of one request in logs and in <c>x-request-id</c>, and the headers that every answer has.</summary>
internal sealed class RequestId(RequestDelegate next, TimeProvider time)
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567"; // base32

    public static string Of(HttpContext context) => (string)context.Items[typeof(RequestId)]!;

    public Task InvokeAsync(HttpContext context)
    {
        long start = time.GetTimestamp();
        string id = "req_" + RandomNumberGenerator.GetString(Alphabet, 24);
        context.Items[typeof(RequestId)] = id;
        context.Response.OnStarting(() =>
        {
            IHeaderDictionary headers = context.Response.Headers;
            headers["x-request-id"] = id;
            headers["openai-processing-ms"] = FormattableString.Invariant($"{time.GetElapsedTime(start).TotalMilliseconds:0}");
            headers.XContentTypeOptions = "nosniff";
            return Task.CompletedTask;
        });
        return next(context);
    }
}
