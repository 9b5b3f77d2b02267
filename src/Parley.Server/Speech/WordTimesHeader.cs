using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Parley.Engines;

namespace Parley.Server;

/// <summary>The times of words in a header, as vllm-omni sends them; left out, and said so, where they would not fit.</summary>
internal static class WordTimesHeader
{
    private const int MaxBytes = 4096;

    public static void Set(IHeaderDictionary headers, IEnumerable<WordTiming> words)
    {
        // The default encoder escapes everything beyond ASCII, which is what a header can carry.
        string json = JsonSerializer.Serialize<IReadOnlyList<SpokenWord>>([.. words.Select(SpokenWord.Of)], ApiJson.Ascii.IReadOnlyListSpokenWord);
        if (json.Length <= MaxBytes)
            headers["X-Word-Timestamps"] = json;
        else
            headers["X-Word-Timestamps-Omitted"] = "true";
    }
}
