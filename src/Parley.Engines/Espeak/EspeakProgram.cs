using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Parley.Engines;

/// <summary>
/// The machine's espeak-ng, run as a child process for every utterance: text goes in on stdin and never on the command line,
/// and a crash or a kill ends one utterance only. At most <see cref="Concurrency"/> children run at once; more wait.
/// </summary>
/// <param name="path">The program: a path, or a name to be found in PATH.</param>
/// <param name="time">Clock of the deadline for a silent child; the system's by default.</param>
[SuppressMessage("Reliability", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing to give back.")]
public sealed class EspeakProgram(string path = EspeakProgram.Name, TimeProvider? time = null)
{
    public const string Name = "espeak-ng";

    /// <summary>Children at one time.</summary>
    public const int Concurrency = 8;

    /// <summary>The longest text for one child, in UTF-16 units; longer ones are cut at sentences by the caller.</summary>
    public const int LongestText = 5_000;

    /// <summary>A child that neither speaks nor ends for so long while somebody waits for it is killed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim places = new(Concurrency);
    private readonly TimeProvider time = time ?? TimeProvider.System;

    /// <summary>Every voice, in the program's order.</summary>
    /// <exception cref="MissingProgramException">The program is not there.</exception>
    /// <exception cref="EngineProcessException">It failed.</exception>
    public async Task<IReadOnlyList<EspeakVoice>> ListVoicesAsync(CancellationToken cancel = default) =>
        EspeakVoice.ReadList(await ReadAllAsync(["--voices"], "", cancel));

    /// <summary>The names that may follow a voice after a plus sign (<c>en-us+f3</c>).</summary>
    /// <inheritdoc cref="ListVoicesAsync"/>
    public async Task<IReadOnlyList<string>> ListVariantsAsync(CancellationToken cancel = default) =>
        [.. EspeakVoice.ReadList(await ReadAllAsync(["--voices=variant"], "", cancel)).Select(variant => Path.GetFileName(variant.File))];

    /// <summary>
    /// The phonemes of a text of at most <see cref="LongestText"/> UTF-16 units in the International Phonetic Alphabet: one line
    /// for each clause that the program made of it.
    /// </summary>
    /// <inheritdoc cref="ListVoicesAsync"/>
    internal Task<string> ReadPhonemesAsync(string text, string voice, CancellationToken cancel) =>
        ReadAllAsync(["-q", "--ipa", "-b", "1", "-v", voice, "--stdin"], text, cancel);

    /// <summary>
    /// Starts to speak a text of at most <see cref="LongestText"/> UTF-16 units, at 80 or more words a minute (175 is the
    /// program's own pace). Waits for a free place among the children.
    /// </summary>
    /// <inheritdoc cref="ListVoicesAsync"/>
    internal Task<EspeakChild> SpeakAsync(string text, string voice, int wordsPerMinute, CancellationToken cancel) =>
        StartAsync(["-b", "1", "-v", voice, "-s", FormattableString.Invariant($"{wordsPerMinute}"), "--stdin", "--stdout"], text, cancel);

    private async Task<EspeakChild> StartAsync(string[] arguments, string text, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, LongestText);
        await places.WaitAsync(cancel);
        EspeakChild? child = null;
        try
        {
            child = new EspeakChild(path, arguments, places, time, cancel);
            await child.WriteAsync(EspeakText.Plain(text));
            return child;
        }
        catch
        {
            if (child is null)
                places.Release();
            else
                await child.DisposeAsync();
            throw;
        }
    }

    private async Task<string> ReadAllAsync(string[] arguments, string text, CancellationToken cancel)
    {
        await using EspeakChild child = await StartAsync(arguments, text, cancel);
        using MemoryStream output = new();
        byte[] block = new byte[4096];
        for (int read; (read = await child.ReadAsync(block)) > 0;)
            output.Write(block, 0, read);
        return Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length);
    }
}
