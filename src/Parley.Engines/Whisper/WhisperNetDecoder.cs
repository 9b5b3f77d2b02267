using Parley.Models;
using Parley.Models.Whisper;
using Whisper.net;
using Whisper.net.SamplingStrategy;

namespace Parley.Engines.Whisper;

/// <summary>
/// whisper.cpp through Whisper.net. Owns the native weights; decodes one window at a time, with all its threads, so that
/// callers take turns window by window. Words need the weights a second time: whisper.cpp aligns either every window of a
/// context or none, and only without flash attention, which costs a quarter of the speed; the second copy is read when words
/// are first asked for.
/// </summary>
internal sealed class WhisperNetDecoder : IWindowDecoder, IDisposable
{
    private const int AlignmentBytesPerHead = 4 * 4 * 256 * 1500; // four f32 copies of [tokens, positions]

    private readonly GgmlWhisperFile file;
    private readonly int threads;
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly WhisperFactory plain;
    private WhisperFactory? aligning;

    private WhisperNetDecoder(GgmlWhisperFile file, int threads, WhisperFactory plain)
    {
        this.file = file;
        this.threads = threads;
        this.plain = plain;
    }

    /// <exception cref="ModelFileException">whisper.cpp does not take the file.</exception>
    public static WhisperNetDecoder Open(GgmlWhisperFile file, int threads)
    {
        // whisper.cpp numbers the special tokens by the size of the vocabulary and does not look into it.
        WhisperVocabulary vocabulary = file.Vocabulary;
        bool known = vocabulary.Size is >= 51864 and <= 51866 && vocabulary.TextTokens <= vocabulary.EndOfText + 1;
        if (!known)
            throw new ModelFileException(file.Path, $"has {vocabulary.Size} tokens; whisper.cpp runs models of 51,864 to 51,866.");
        return new WhisperNetDecoder(file, threads, Load(file, new WhisperFactoryOptions { UseGpu = false, UseFlashAttention = true }));
    }

    public async Task<DecodedWindow> DecodeAsync(ReadOnlyMemory<float> samples, WindowRequest request, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            WhisperFactory factory = request.Align ? aligning ??= Load(file, AligningOptions()) : plain;
            string? language = request.Language;
            if (language is null && request.Candidates.Count > 0)
                language = await DetectAsync(factory, samples, request.Candidates, cancel);
            return await DecodeAsync(factory, samples, request with { Language = language }, cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Frees the weights; only when no window is being decoded.</summary>
    public void Dispose()
    {
        plain.Dispose();
        aligning?.Dispose();
        turn.Dispose();
    }

    private async Task<DecodedWindow> DecodeAsync(
        WhisperFactory factory, ReadOnlyMemory<float> samples, WindowRequest request, CancellationToken cancel)
    {
        // A task of Whisper.net's that is cancelled between its start and its first step reads what has been freed by then; so it
        // is told only once the native code runs. Before that the native code itself is told to stop at its first question.
        using CancellationTokenSource abort = new();
        bool begun = false;
        using CancellationTokenRegistration registration = cancel.Register(() =>
        {
            if (Volatile.Read(ref begun))
                abort.Cancel();
        });
        await using WhisperProcessor processor = Processor(factory, request, MayGoOn);
        List<DecodedToken> tokens = [];
        string? language = request.Language;
        float? noSpeech = null;
        await foreach (SegmentData segment in processor.ProcessAsync(samples, abort.Token))
        {
            language = segment.Language;
            noSpeech = segment.NoSpeechProbability;
            foreach (WhisperToken token in segment.Tokens)
                tokens.Add(new DecodedToken(token.Id, token.Probability, token.ProbabilityLog, token.DtwTimestamp >= 0 ? token.DtwTimestamp / 100.0 : null));
        }
        cancel.ThrowIfCancellationRequested();

        // whisper.cpp reads the probability of no speech from the row of the first prompt token, which it computes only if
        // that token is the whole prompt, or if it has just detected the language from it.
        bool isTrue = request.Language is null || (!file.Vocabulary.IsMultilingual && request.Prompt is null);
        return new DecodedWindow(language, isTrue ? noSpeech : null, tokens);

        bool MayGoOn()
        {
            Volatile.Write(ref begun, true);
            return !cancel.IsCancellationRequested;
        }
    }

    private async Task<string?> DetectAsync(
        WhisperFactory factory, ReadOnlyMemory<float> samples, IReadOnlyList<string> candidates, CancellationToken cancel)
    {
        await using WhisperProcessor processor = Processor(factory, new WindowRequest(), static () => true);
        string[] names = [.. candidates];
        (string? language, _) = await Task.Factory.StartNew(
            () => processor.DetectLanguageWithProbability(samples.Span, names), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        cancel.ThrowIfCancellationRequested();
        return language;
    }

    private WhisperProcessor Processor(WhisperFactory factory, WindowRequest request, Func<bool> mayGoOn)
    {
        // One window a call: with alignment on, Whisper.net loses what a second one would give. As a single segment the tokens
        // come with their timestamps, and behind the first window the encoder is told to stop.
        int windows = 0;
        WhisperProcessorBuilder builder = factory.CreateBuilder()
            .WithThreads(threads)
            .WithLanguage(file.Vocabulary.IsMultilingual ? request.Language ?? "auto" : "en")
            .WithNoContext()
            .WithSingleSegment()
            .WithStringPool()
            .WithTemperature(request.Temperature)
            .WithTemperatureInc(0)
            .WithEncoderBeginHandler(_ => mayGoOn() && windows++ == 0);
        if (request.Translate)
            builder.WithTranslate();
        if (request.Prompt is { Length: > 0 } prompt)
            builder.WithPrompt(prompt);
        if (request.BeamSize > 1)
            builder.WithBeamSearchSamplingStrategy(beam => beam.WithBeamSize(request.BeamSize));
        return builder.Build();
    }

    private WhisperFactoryOptions AligningOptions()
    {
        WhisperFactoryOptions options = new()
        {
            UseGpu = false,
            UseFlashAttention = false,
            UseDtwTimeStamps = true,
            HeadsPreset = file.Family.AlignmentHeads switch
            {
                "tiny.en" => WhisperAlignmentHeadsPreset.TinyEn,
                "tiny" => WhisperAlignmentHeadsPreset.Tiny,
                "base.en" => WhisperAlignmentHeadsPreset.BaseEn,
                "base" => WhisperAlignmentHeadsPreset.Base,
                "small.en" => WhisperAlignmentHeadsPreset.SmallEn,
                "small" => WhisperAlignmentHeadsPreset.Small,
                "medium.en" => WhisperAlignmentHeadsPreset.MediumEn,
                "medium" => WhisperAlignmentHeadsPreset.Medium,
                "large-v1" => WhisperAlignmentHeadsPreset.LargeV1,
                "large-v2" => WhisperAlignmentHeadsPreset.LargeV2,
                "large-v3" => WhisperAlignmentHeadsPreset.LargeV3,
                "large-v3-turbo" => WhisperAlignmentHeadsPreset.LargeV3Turbo,
                _ => WhisperAlignmentHeadsPreset.NTopMost,
            },
        };
        if (options.HeadsPreset != WhisperAlignmentHeadsPreset.NTopMost)
            return options;
        options.DtwNTop = Math.Max(1, file.TextLayers / 2);
        options.DtwMemSize = Math.Max(options.DtwMemSize, (uint)(options.DtwNTop * file.Heads * AlignmentBytesPerHead));
        return options;
    }

    private static WhisperFactory Load(GgmlWhisperFile file, WhisperFactoryOptions options)
    {
        try
        {
            WhisperFactory factory = WhisperFactory.FromPath(file.Path, options);
            try
            {
                factory.CreateBuilder(); // says whether there is a model
                return factory;
            }
            catch (WhisperModelLoadException)
            {
                factory.Dispose();
                throw;
            }
        }
        catch (Exception fault) when (fault is WhisperModelLoadException or IOException)
        {
            throw new ModelFileException(file.Path, $"was refused by whisper.cpp: {fault.Message} Is it damaged? Get it again.");
        }
    }
}
