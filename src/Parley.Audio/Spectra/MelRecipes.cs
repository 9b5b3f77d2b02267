namespace Parley.Audio.Spectra;

/// <summary>The front ends of published models. Each has a golden of its original.</summary>
public static class MelRecipes
{
    /// <summary>Whisper, 80 bands (large-v3 and its offspring: 128). openai/whisper: whisper/audio.py.</summary>
    public static MelRecipe Whisper(int bands) => new()
    {
        SampleRate = 16_000,
        Framing = Framing.Centred(windowSamples: 400, hopSamples: 160, SignalPadding.Reflect), // 25 ms, 10 ms
        DropsLastFrame = true,
        FftLength = 400,
        Filters = SlaneyTo8kHz(bands),
        Level = LevelScale.Log10OfMax,
        LevelGuard = 1e-10,
        Normalisation = MelNormalisation.Whisper,
    };

    /// <summary>
    /// NeMo, as Canary and Parakeet use it: 128 bands (Canary's aligner: 80). NVIDIA/NeMo: collections/asr/parts/preprocessing/features.py.
    /// Padding is silence since NeMo 2.5; before, the signal was mirrored.
    /// </summary>
    public static MelRecipe NeMo(int bands) => new()
    {
        SampleRate = 16_000,
        PreEmphasis = new(0.97, PreEmphasisScope.Signal, PreEmphasisEdge.Zero),
        Framing = Framing.Centred(windowSamples: 400, hopSamples: 160, SignalPadding.Zeros), // 25 ms, 10 ms
        DropsLastFrame = true,
        WindowPeriod = WindowPeriod.Symmetric,
        FftLength = 512,
        Filters = SlaneyTo8kHz(bands),
        Level = LevelScale.LnOfSum,
        LevelGuard = 5.9604645e-8, // 2^-24
        Normalisation = MelNormalisation.BandDeviation,
    };

    /// <summary>
    /// XTTS, mel of the reference recording for its GPT; the model divides each band by its <c>mel_stats</c> afterwards.
    /// idiap/coqui-ai-TTS: TTS/tts/models/xtts.py, wav_to_mel_cloning.
    /// </summary>
    public static MelRecipe XttsCloning { get; } = new()
    {
        SampleRate = 22_050,
        Framing = Framing.Centred(windowSamples: 1024, hopSamples: 256, SignalPadding.Reflect), // 46.4 ms, 11.6 ms
        FftLength = 2048,
        Filters = new() { Count = 80, Scale = MelScale.Htk, Norm = MelNorm.Area, MaxHz = 8000 },
        Level = LevelScale.LnOfMax,
        LevelGuard = 1e-5,
    };

    /// <summary>XTTS, speaker encoder. idiap/coqui-ai-TTS: TTS/encoder/models/base_encoder.py and resnet.py.</summary>
    public static MelRecipe XttsSpeaker { get; } = new()
    {
        SampleRate = 16_000,
        PreEmphasis = new(0.97, PreEmphasisScope.Signal, PreEmphasisEdge.Mirrored),
        Framing = Framing.Centred(windowSamples: 400, hopSamples: 160, SignalPadding.Reflect),
        Window = WindowShape.Hamming,
        FftLength = 512,
        Filters = new() { Count = 64, Scale = MelScale.Htk, Norm = MelNorm.None, MaxHz = 8000 },
        Level = LevelScale.LnOfSum,
        LevelGuard = 1e-6,
        Normalisation = MelNormalisation.BandVariance,
    };

    /// <summary>Chatterbox S3Gen, the 24 kHz mel of its vocoder. resemble-ai/chatterbox: models/s3gen/utils/mel.py.</summary>
    public static MelRecipe ChatterboxVocoder { get; } = new()
    {
        SampleRate = 24_000,
        Framing = new(WindowSamples: 1920, HopSamples: 480, PaddingSamples: 720, SignalPadding.Reflect), // 80 ms, 20 ms
        FftLength = 1920,
        Spectrum = SpectrumKind.Magnitude,
        Filters = SlaneyTo8kHz(80),
        Level = LevelScale.LnOfMax,
        LevelGuard = 1e-5,
    };

    /// <summary>Chatterbox, speech tokenizer S3: Whisper's recipe with 128 bands. xingchensong/S3Tokenizer: s3tokenizer/utils.py.</summary>
    public static MelRecipe ChatterboxTokenizer { get; } = Whisper(128);

    /// <summary>Chatterbox, voice encoder: mel power as it is. resemble-ai/chatterbox: models/voice_encoder/melspec.py.</summary>
    public static MelRecipe ChatterboxVoice { get; } = VoiceEncoder(SignalPadding.Reflect);

    /// <summary>Resemblyzer's speaker encoder: the same, padded with silence. resemble-ai/Resemblyzer: resemblyzer/audio.py.</summary>
    public static MelRecipe Resemblyzer { get; } = VoiceEncoder(SignalPadding.Zeros);

    /// <summary>
    /// Kaldi's fbank with 80 bands, on samples in -1 to 1 and without dither, as CAM++ takes it.
    /// pytorch/audio: torchaudio/compliance/kaldi.py.
    /// </summary>
    public static MelRecipe KaldiFbank { get; } = new()
    {
        SampleRate = 16_000,
        Framing = Framing.Inside(windowSamples: 400, hopSamples: 160), // snip_edges
        RemovesWindowMean = true,
        PreEmphasis = new(0.97, PreEmphasisScope.Window, PreEmphasisEdge.Repeated),
        Window = WindowShape.Povey,
        WindowPeriod = WindowPeriod.Symmetric,
        FftLength = 512,
        Filters = new() { Count = 80, Scale = MelScale.Htk, Norm = MelNorm.None, Flanks = MelFlanks.StraightInMel, MinHz = 20, MaxHz = 8000 },
        Level = LevelScale.LnOfMax,
        LevelGuard = 1.1920929e-7, // the smallest step of f32 at 1
        Normalisation = MelNormalisation.BandMean,
    };

    /// <summary>
    /// Smart Turn: Whisper's recipe with 80 bands over exactly 8 s, scaled by <see cref="Loudness.Levels.Standardise"/> first.
    /// pipecat-ai/pipecat: audio/turn/smart_turn/local_smart_turn_v3.py.
    /// </summary>
    public static MelRecipe SmartTurn { get; } = Whisper(80);

    private static MelRecipe VoiceEncoder(SignalPadding padding) => new()
    {
        SampleRate = 16_000,
        Framing = Framing.Centred(windowSamples: 400, hopSamples: 160, padding),
        FftLength = 400,
        Filters = SlaneyTo8kHz(40),
    };

    private static MelFilterBank SlaneyTo8kHz(int count) => new() { Count = count, Scale = MelScale.Slaney, Norm = MelNorm.Area, MaxHz = 8000 };
}
