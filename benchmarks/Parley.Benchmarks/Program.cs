using Parley.Benchmarks;
using Parley.Benchmarks.Drawing;

// One family a verb; without one, all of them.
Dictionary<string, Action> families = new()
{
    ["audio"] = AudioBenchmarks.Run,
    ["server"] = ServerBenchmarks.Run,
    ["spectra"] = SpectraBenchmarks.Run,
    ["conversation"] = ConversationBenchmarks.Run,
    ["realtime"] = RealtimeBenchmarks.Run,
    ["voice"] = VoiceBenchmarks.Run,
};
string[] chosen = args.Length == 0 ? [.. families.Keys] : args;
if (chosen is ["draw", string recording, string folder])
{
    Pictures.Draw(recording, folder);
    return 0;
}
if (Array.Find(chosen, name => !families.ContainsKey(name)) is string unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'. Known: {string.Join(", ", families.Keys)}; or: draw RECORDING.wav FOLDER.");
    return 2;
}
Report.Machine();
foreach (string name in chosen)
    families[name]();
return 0;
