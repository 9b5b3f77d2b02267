using Parley.Trials.Running;

namespace Parley.Trials.Tests.Running;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class SecretTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-secret-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_closed_file_is_read()
    {
        string file = Write("# keys\nTTS_KEY='abc=def'\n\nOTHER=1\n", UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Equal(new Dictionary<string, string> { ["TTS_KEY"] = "abc=def", ["OTHER"] = "1" }, SecretFile.Read(file));
    }

    [Fact]
    public void A_file_that_others_can_read_is_refused()
    {
        string file = Write("A=1", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Assert.Contains("chmod 600", Assert.Throws<TrialException>(() => SecretFile.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_is_refused()
    {
        string file = Write("A=1", UnixFileMode.UserRead | UnixFileMode.UserWrite), link = Path.Combine(folder.FullName, "link");
        File.CreateSymbolicLink(link, file);

        Assert.Contains("not a regular file", Assert.Throws<TrialException>(() => SecretFile.Read(link)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_others_can_write_is_refused()
    {
        string file = Write("A=1", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_111_111);

        Assert.Contains("chmod go-w", Assert.Throws<TrialException>(() => SecretFile.Read(file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--key=top-secret-word", true)]
    [InlineData("dG9wLXNlY3JldC13b3Jk", true)]
    [InlineData("--port=8091", false)]
    public void A_secret_in_an_argument_is_found_in_every_disguise(string argument, bool isFound)
    {
        Assert.Equal(isFound, SecretGuard.Holds(argument, ["top-secret-word"]));
        if (isFound)
            Assert.DoesNotContain("top-secret", Assert.Throws<TrialException>(() => SecretGuard.Check(["serve", argument], "top-secret-word")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a+secret/word&more")]
    [InlineData("geheim-wört-lang")]
    [InlineData("with \"quotes\" and <tags>")]
    public void A_secret_is_found_in_results_however_they_write_it(string secret)
    {
        Assert.True(SecretGuard.Holds(System.Text.Json.JsonSerializer.Serialize(new { said = $"The key {secret} is wrong" }), [secret]));
        Assert.True(SecretGuard.Holds($"<p>{System.Net.WebUtility.HtmlEncode(secret)}</p>", [secret]));
        Assert.False(SecretGuard.Holds("<p>nothing</p>", [secret]));
    }

    private string Write(string text, UnixFileMode mode)
    {
        string file = Path.Combine(folder.FullName, "keys.env");
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, mode);
        return file;
    }
}
