using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Parley.Cli;

/// <summary>Rows for a program: JSON with the names of the API.</summary>
internal static class DataJson
{
    private static readonly CliJson Readable = new(new JsonSerializerOptions(CliJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static readonly CliJson OnOneLine = new(new JsonSerializerOptions(CliJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = false });

    /// <summary>One value a line, for what goes on.</summary>
    public static void WriteLine<T>(Terminal terminal, T value) =>
        terminal.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)OnOneLine.GetTypeInfo(typeof(T))!));

    public static void Write<T>(Terminal terminal, T value) =>
        terminal.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Readable.GetTypeInfo(typeof(T))!));
}

internal sealed record EngineRow(
    string Name, string Task, bool IsDefault, string Model, string Description, IReadOnlyList<string> Languages, bool Streams, bool ClonesVoices, bool WordTimes, int? SampleRate, int Voices);

internal sealed record VoiceRow(string Engine, string Id, string Name, string Language, string Description);

internal sealed record LibraryVoiceReport(Parley.Engines.LibraryVoice Voice, IReadOnlyList<string> Engines);

internal sealed record SettingRow(string Key, string? Value, string Source, IReadOnlyList<string> Overrides);

internal sealed record ConfigReport(string? File, IReadOnlyList<SettingRow> Settings, IReadOnlyList<string> Warnings);

internal sealed record ParityReportRow(string Case, string Family, string Stage, double Error, double Tolerance, bool Passed, string Detail);

internal sealed record SayReport(string Engine, string? Voice, string Output, string Format, double AudioSeconds, double FirstSoundMs, double TotalMs);

internal sealed record HearReport(string Text);

internal sealed record StageRow(string Stage, double Ms);

internal sealed record TurnReport(string Heard, string Answer, IReadOnlyList<StageRow> Waterfall);

internal sealed record TalkReport(string Output, IReadOnlyList<TurnReport> Turns);

internal sealed record ComponentRow(string Component, string Engine, string Model, string State, string Address);

internal sealed record SelfCheckReport(string Said, string Heard, double WordErrorRate, double FirstSoundMs, double SpeechMs, double AudioSeconds, double HearingMs);

internal sealed record UpReport(IReadOnlyList<ComponentRow> Components, SelfCheckReport? SelfCheck);

internal sealed record TensorRow(string Name, string Type, IReadOnlyList<long> Shape, long Bytes);

internal sealed record InspectReport(string File, string? Model, long Parameters, long Bytes, IReadOnlyList<TensorRow> Tensors, IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<string> Unread);

internal sealed record BenchBatchRow(int Batch, double DecoderMs, double DecoderShareOfBandwidth, double AcousticMs, double CodecMs, double FrameMs, double Rtf, double ReadGbPerSecond, double ReadAheadGbPerSecond);

internal sealed record BenchRow(
    string Precision, double CompileSeconds, double DecoderGb, double PrefillTokensPerSecond, double FirstAudioMs, double PeakGb, double CpuShare, IReadOnlyList<BenchBatchRow> Batches);

internal sealed record BenchReport(int Cores, double ReadGbPerSecond, double GflopPerSecond, IReadOnlyList<BenchRow> Results);

internal sealed record BenchErrorRow(string Precision, string Stage, double? RootMeanSquare, double? Largest, double? CodesChanged);

internal sealed record BenchErrorReport(string Weights, IReadOnlyList<BenchErrorRow> Errors);

internal sealed record BrainBenchRow(
    int Batch, double Prefill, double LlamaPrefill, double PrefillRatio, double Decode, double LlamaDecode, double DecodeRatio);

internal sealed record BrainBenchReport(
    string Model, double WeightsGb, double CacheGb, int Threads, IReadOnlyList<BrainBenchRow> Batches, int GuardCachedTokens, int GuardNewTokens, double VerdictMs, double LlamaPrefillMs);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(LibraryVoiceReport))]
[JsonSerializable(typeof(IReadOnlyList<EngineRow>))]
[JsonSerializable(typeof(IReadOnlyList<VoiceRow>))]
[JsonSerializable(typeof(IReadOnlyList<ParityReportRow>))]
[JsonSerializable(typeof(ConfigReport))]
[JsonSerializable(typeof(SayReport))]
[JsonSerializable(typeof(HearReport))]
[JsonSerializable(typeof(VerboseReport))]
[JsonSerializable(typeof(LiveLine))]
[JsonSerializable(typeof(TalkReport))]
[JsonSerializable(typeof(UpReport))]
[JsonSerializable(typeof(InspectReport))]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(BenchErrorReport))]
[JsonSerializable(typeof(BrainBenchReport))]
[JsonSerializable(typeof(Commands.WhisperBenchReport))]
internal sealed partial class CliJson : JsonSerializerContext;
