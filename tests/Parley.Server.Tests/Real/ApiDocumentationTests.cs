using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Server.Tests;

/// <summary>docs/api.md is true: its examples run, and what it names exists.</summary>
[Collection(nameof(RealServer))]
public class ApiDocumentationTests(RealServer real)
{
    private static readonly string Document = File.ReadAllText(Path.Combine(TestData.Root, "docs", "api.md"));

    [Fact]
    public async Task Every_example_runs()
    {
        string folder = Directory.CreateTempSubdirectory("parley-test-").FullName;
        try
        {
            // curl ends well on a refusal unless told otherwise.
            StringBuilder script = new("set -eu\ncurl() { command curl --silent --show-error --fail-with-body \"$@\" || { echo \"failed: $*\"; return 1; }; echo; }\n");
            foreach (Match block in Regex.Matches(Document, "```bash\n(.*?)```", RegexOptions.Singleline))
                script.Append(block.Groups[1].Value.Replace("http://127.0.0.1:8080", real.Server.Address.ToString().TrimEnd('/'), StringComparison.Ordinal));
            using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", script.ToString()]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = bash.StandardError.ReadToEndAsync();
            string output = await bash.StandardOutput.ReadToEndAsync();
            await bash.WaitForExitAsync();
            Assert.True(bash.ExitCode == 0, output + await errors);
            Assert.StartsWith("1\n00:00:0", await File.ReadAllTextAsync(Path.Combine(folder, "hello.srt")), StringComparison.Ordinal);
            Assert.Contains("speech.audio.done", output, StringComparison.Ordinal);
            Assert.Contains("transcript.text.done", output, StringComparison.Ordinal);
            Assert.Contains("You said: Say hello to Anna.", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Every_field_is_described()
    {
        foreach (RequestField field in SpeechFields.All.Concat(TranscriptionFields.Transcriptions).Concat(ChatFields.All).Concat(TranscriptionFields.Legacy))
        {
            if (field.Name is "logprobs" or "top_logprobs" or "modalities")
                continue; // known only to be refused
            Assert.True(Document.Contains($"`{field.Name}`", StringComparison.Ordinal) || Document.Contains($"`{field.Name}[]`", StringComparison.Ordinal)
                || Document.Contains($"`{field.Name}.", StringComparison.Ordinal), $"docs/api.md does not name the field {field.Name}.");
        }
    }

    [Fact]
    public void Every_code_of_an_error_is_listed()
    {
        string table = Document[Document.IndexOf("## Errors", StringComparison.Ordinal)..];
        foreach (string code in CodesInSource())
            Assert.True(table.Contains($"`{code}`", StringComparison.Ordinal), $"docs/api.md does not list the code {code}.");
    }

    /// <summary>The words in quotes that stand, in a line that makes an <see cref="ApiException"/>, where its maker takes the code.</summary>
    private static SortedSet<string> CodesInSource()
    {
        SortedSet<string> codes = new(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFiles(Path.Combine(TestData.Root, "src", "Parley.Server"), "*.cs", SearchOption.AllDirectories))
        {
            foreach (string line in File.ReadLines(path))
            {
                string pattern = path.EndsWith("ApiException.cs", StringComparison.Ordinal) ? "_error\", \"([a-z_]+)\"|code = \"([a-z_]+)\""
                    : line.Contains("ApiException.Invalid(", StringComparison.Ordinal) ? "\", \"([a-z]+_[a-z_]+)\"\\)"
                    : "ApiException\\.(?:TooMany|Unavailable|Forbidden)\\(\"([a-z_]+)\"";
                foreach (Match match in Regex.Matches(line, pattern))
                    codes.Add(match.Groups.Values.Skip(1).First(group => group.Success).Value);
            }
        }
        Assert.Superset(new HashSet<string> { "missing_field", "invalid_value", "queue_full", "scope_missing", "shutting_down", "engine_failed", "internal_error" }, codes);
        return codes;
    }
}
