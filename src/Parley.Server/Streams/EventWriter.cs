using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Parley.Server;

/// <summary>Server-sent events: a name line where the dialect has one, one line of compact JSON, an empty line.</summary>
/// <remarks>The event stream chapter of the HTML standard. Some clients read only lines that begin with <c>data: </c>, so no event is ever split over two.</remarks>
internal sealed class EventWriter(PatientBody body) : IDisposable
{
    public const string ContentType = "text/event-stream; charset=utf-8";

    private readonly ArrayBufferWriter<byte> line = new(512);
    private readonly SemaphoreSlim writing = new(1);

    /// <param name="name">The event's name; <see langword="null"/> in dialects that tell events apart by their data.</param>
    /// <param name="data">Becomes the one data line.</param>
    /// <param name="type">How to write it.</param>
    public async Task WriteAsync<T>(string? name, T data, JsonTypeInfo<T> type)
    {
        await writing.WaitAsync();
        try
        {
            line.ResetWrittenCount();
            if (name is not null)
            {
                line.Write("event: "u8);
                line.Write(System.Text.Encoding.ASCII.GetBytes(name));
                line.Write("\n"u8);
            }
            line.Write("data: "u8);
            using (Utf8JsonWriter json = new(line))
                JsonSerializer.Serialize(json, data, type);
            line.Write("\n\n"u8);
            await body.WriteAsync(line.WrittenMemory);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>A comment, which readers skip: it makes proxies pass the headers on, and shows that the stream lives.</summary>
    public Task KeepAliveAsync() => WriteRawAsync(": keep-alive\n\n"u8.ToArray());

    /// <summary>The end mark of chat streams.</summary>
    public Task DoneAsync() => WriteRawAsync("data: [DONE]\n\n"u8.ToArray());

    public void Dispose() => writing.Dispose();

    private async Task WriteRawAsync(byte[] bytes)
    {
        await writing.WaitAsync();
        try
        {
            await body.WriteAsync(bytes);
        }
        finally
        {
            writing.Release();
        }
    }
}
