using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Parley.Server;

/// <summary>A form with one file, or a body that is the file with its fields in the address. The file goes to a spool as it arrives.</summary>
internal sealed class Upload : IAsyncDisposable
{
    private const int MaxParts = 64;
    private const int MaxFieldBytes = 64 * 1024;
    private const int FormOverhead = 1 << 20; // the other fields and the boundaries between them

    private Upload(RequestBody fields, Spool? file, int? rawSampleRate) => (Fields, File, RawSampleRate) = (fields, file, rawSampleRate);

    public RequestBody Fields { get; }

    /// <summary><see langword="null"/> if the form has none.</summary>
    public Spool? File { get; }

    /// <summary>Rate of a body of <c>audio/pcm;rate=N</c>, which is samples and nothing else; <see langword="null"/> for files that say what they are.</summary>
    public int? RawSampleRate { get; }

    /// <param name="context">The request.</param>
    /// <param name="maxBytes">Of the file.</param>
    /// <param name="names">The field that the file may stand in, and other names for it.</param>
    /// <exception cref="ApiException">Another media type, malformed, too large, not UTF-8.</exception>
    public static async Task<Upload> ReadAsync(HttpContext context, long maxBytes, params string[] names)
    {
        BodyLimit.Set(context, maxBytes + FormOverhead, "The upload", maxBytes);
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out MediaTypeHeaderValue? type))
            throw ApiException.UnsupportedMedia("This route takes multipart/form-data, or a body of type audio/*; the request names no type.");
        if (type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return await ReadFormAsync(context, type, maxBytes, names);
        if (type.Type.Equals("audio", StringComparison.OrdinalIgnoreCase))
            return await ReadBodyAsync(context, type, maxBytes);
        throw ApiException.UnsupportedMedia($"This route takes multipart/form-data, or a body of type audio/*; found '{RequestField.Shorten(type.MediaType.ToString())}'.");
    }

    public ValueTask DisposeAsync() => File?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<Upload> ReadFormAsync(HttpContext context, MediaTypeHeaderValue type, long maxBytes, string[] names)
    {
        string boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        if (boundary.Length is 0 or > 200)
            throw ApiException.BadRequest("The multipart/form-data type names no boundary, or one longer than 200 characters.");
        MultipartReader reader = new(boundary, context.Request.Body) { HeadersCountLimit = 16, HeadersLengthLimit = 8 * 1024 };
        Dictionary<string, IReadOnlyList<string>> fields = new(StringComparer.Ordinal);
        Spool? file = null;
        try
        {
            int parts = 0;
            while (await reader.ReadNextSectionAsync(context.RequestAborted) is { } section)
            {
                if (++parts > MaxParts)
                    throw ApiException.BadRequest($"The form has more than {MaxParts} parts.");
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition))
                    continue;
                // PHP and some clients write lists as name[].
                string name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString().Replace("[]", "", StringComparison.Ordinal);
                bool isFile = disposition.FileName.HasValue || disposition.FileNameStar.HasValue;
                if (names.Contains(name) && (isFile || file is null))
                {
                    if (file is not null)
                        throw ApiException.Invalid(names[0], $"'{names[0]}' was sent twice.");
                    file = new Spool();
                    await CopyAsync(section.Body, file, maxBytes, context.RequestAborted);
                }
                else if (isFile)
                {
                    await DrainAsync(section.Body, maxBytes, context.RequestAborted);
                }
                else
                {
                    string text = await ReadTextAsync(section.Body, name, context.RequestAborted);
                    fields[name] = fields.TryGetValue(name, out IReadOnlyList<string>? before) ? [.. before, text] : [text];
                }
            }
            return new Upload(RequestBody.FromForm(fields), file, rawSampleRate: null);
        }
        catch (Exception fault)
        {
            if (file is not null)
                await file.DisposeAsync();
            if (fault is InvalidDataException or IOException and not BadHttpRequestException)
                throw ApiException.BadRequest($"The multipart form is malformed: {fault.Message}");
            throw;
        }
    }

    private static async Task<Upload> ReadBodyAsync(HttpContext context, MediaTypeHeaderValue type, long maxBytes)
    {
        int? rate = null;
        if (type.MediaType.Equals("audio/pcm", StringComparison.OrdinalIgnoreCase))
        {
            string? written = type.Parameters.FirstOrDefault(parameter => parameter.Name.Equals("rate", StringComparison.OrdinalIgnoreCase))?.Value.ToString();
            rate = int.TryParse(written, out int hertz) && hertz is >= 4_000 and <= 192_000
                ? hertz : throw ApiException.UnsupportedMedia("Raw samples need their rate: audio/pcm;rate=16000 (4000 to 192000), 16 bit little endian, mono.");
        }
        Spool file = new();
        try
        {
            await CopyAsync(context.Request.Body, file, maxBytes, context.RequestAborted);
            IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> query = context.Request.Query.Select(pair => KeyValuePair.Create<string, IReadOnlyList<string>>(
                pair.Key.Replace("[]", "", StringComparison.Ordinal), [.. pair.Value.Select(value => value ?? "")]));
            return new Upload(RequestBody.FromForm(new Dictionary<string, IReadOnlyList<string>>(query)), file, rate);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private static async Task CopyAsync(Stream body, Spool file, long maxBytes, CancellationToken cancel)
    {
        byte[] portion = new byte[64 * 1024];
        while (await body.ReadAsync(portion, cancel) is > 0 and int read)
        {
            if (file.Length + read > maxBytes)
                throw ApiException.TooLarge("The file", maxBytes);
            await file.WriteAsync(portion.AsMemory(0, read), cancel);
        }
    }

    private static async Task DrainAsync(Stream body, long maxBytes, CancellationToken cancel)
    {
        byte[] portion = new byte[64 * 1024];
        long drained = 0;
        while (await body.ReadAsync(portion, cancel) is > 0 and int read)
        {
            drained += read;
            if (drained > maxBytes)
                throw ApiException.TooLarge("A part of the form", maxBytes);
        }
    }

    private static async Task<string> ReadTextAsync(Stream body, string name, CancellationToken cancel)
    {
        using MemoryStream bytes = new();
        byte[] portion = new byte[4096];
        while (await body.ReadAsync(portion, cancel) is > 0 and int read)
        {
            if (bytes.Length + read > MaxFieldBytes)
                throw ApiException.TooLarge($"The field '{RequestField.Shorten(name)}'", MaxFieldBytes);
            bytes.Write(portion, 0, read);
        }
        ReadOnlySpan<byte> utf8 = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        return System.Text.Unicode.Utf8.IsValid(utf8)
            ? Encoding.UTF8.GetString(utf8)
            : throw ApiException.Invalid(RequestField.Shorten(name), $"The field '{RequestField.Shorten(name)}' is not valid UTF-8.");
    }
}
