using System.Text;
using Parley.Cli.Configuration;

namespace Parley.Cli.Tests.Configuration;

public class EnvironmentFileTests
{
    [Theory]
    [InlineData("A=1", "1")]
    [InlineData("A=", "")]
    [InlineData("A", null)]
    [InlineData("A=\"x y\"", "x y")]
    [InlineData("A='$B'", "$B")]
    [InlineData("A=\"a\\nb\"", "a\nb")]
    [InlineData("A=\"a\\\"b\\\\\"", "a\"b\\")]
    [InlineData("A=x #c", "x")]
    [InlineData("A=x#c", "x#c")]
    [InlineData("A=QUJD==", "QUJD==")]
    [InlineData("\uFEFFA=1", "1")]
    [InlineData("A=1\r\n", "1")]
    [InlineData("export A=1", "1")]
    [InlineData("# first\n\n  A=1", "1")]
    public void A_line_gives_its_value(string text, string? value)
    {
        EnvironmentFile file = Parse(text);

        Assert.Empty(file.Errors);
        EnvironmentVariable variable = Assert.Single(file.Variables);
        Assert.Equal(("A", value), (variable.Name, variable.Value));
    }

    [Theory]
    [InlineData("A =1", "a space before '='")]
    [InlineData("A= 1", "a space after '='")]
    [InlineData("A=\"x\" y", "behind the closing")]
    [InlineData("A=\"x", "does not end with it")]
    [InlineData("A='x", "does not end with it")]
    [InlineData("=1", "NAME=value")]
    [InlineData("1A=1", "NAME=value")]
    [InlineData("A-B=1", "'-' instead of '='")]
    [InlineData("A=1\nA=2", "f.env:2: A is already set in line 1")]
    public void A_slip_is_named(string text, string said)
    {
        EnvironmentFile file = Parse(text);

        Assert.Contains(said, Assert.Single(file.Errors).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("export A=1", "export")]
    [InlineData("A=x #c", "comment")]
    [InlineData("A=$B", "'$'")]
    [InlineData("A=\"$B\"", "'$'")]
    public void What_other_tools_read_otherwise_is_warned_of(string text, string said) =>
        Assert.Contains(said, Assert.Single(Parse(text).Warnings).Message, StringComparison.Ordinal);

    [Fact]
    public void Quoting_what_was_read_gives_it_back() =>
        Gen.String[Gen.Char[" !#$%&'()*+,-./:;<=>?@[\\]^_`{|}~aZ9\"\n\r\tü€"], 0, 40].Sample(value =>
        {
            string quoted = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
            return Parse($"A=\"{quoted}\"").Variables.Single().Value == value;
        });

    [Fact]
    public void Whatever_comes_every_line_ends_as_variable_or_error_and_none_throws() =>
        Gen.Char["AB= '\"#$\\\n\r\texport_\u00ff\u0000"].Select(c => (byte)c).Array[0, 200].Sample(bytes =>
        {
            EnvironmentFile file = EnvironmentFile.Parse(bytes, "f.env");
            return file.Variables.Count + file.Errors.Count <= bytes.Count(b => b == '\n') + 1;
        }, iter: 50_000);

    [Fact]
    public void Entries_that_ran_together_are_found()
    {
        Assert.Equal("certain", Lint("A_KEY", "HF_TOKEN=hf_x"));
        Assert.Equal("certain", Lint("A_KEY", "skHF_TOKEN=hf_x"));
        Assert.Equal("certain", Lint("OPENAI_API_KEY", "sk-test-0123456789abcdefPARLEY__HTTP__PORT=18080"));
        Assert.Equal("certain", Lint("A_TOKEN", "PARLEY__HTTP__PORT=1"));
        Assert.Equal("none", Lint("URL", "http://h/?a=b"));
        Assert.Equal("warning", Lint("URL", "http://h/?API_TOKEN=b"));
        Assert.Equal("none", Lint("B64", "QUJD=="));
        Assert.Equal("none", Lint("CONN", "Host=db;Port=1"));
    }

    [Theory]
    [InlineData("YOUR_API_KEY_HERE", "placeholder")]
    [InlineData("changeme", "placeholder")]
    [InlineData("<your key>", "placeholder")]
    [InlineData("sk-...", "placeholder")]
    [InlineData("\u201Csk-test\u201D", "U+201C")]
    [InlineData("sk-test\u200B", "U+200B")]
    [InlineData("sk test", "U+0020")]
    [InlineData("\"sk-test\"", "quotation mark")]
    public void Keys_that_cannot_be_keys_are_found_and_not_printed(string value, string said)
    {
        List<Problem> errors = [], warnings = [];
        SecretLint.Check(new("OPENAI_API_KEY", value, Origin.Default), ConfigurationLoader.ForeignNames, errors, warnings);
        Assert.Contains(errors, error => error.Message.Contains(said, StringComparison.Ordinal));
        Assert.DoesNotContain(errors, error => error.Message.Contains("test", StringComparison.Ordinal));
    }

    [Fact]
    public void Random_keys_raise_no_alarm() =>
        Gen.Byte.Array[16, 48].Sample(bytes =>
            Lint("SOME_KEY", Convert.ToBase64String(bytes)) == "none" && Lint("SOME_KEY", System.Buffers.Text.Base64Url.EncodeToString(bytes)) == "none", iter: 100_000);

    private static string Lint(string name, string value)
    {
        List<Problem> errors = [], warnings = [];
        SecretLint.Check(new(name, value, Origin.Default), ConfigurationLoader.ForeignNames, errors, warnings);
        return errors.Count > 0 ? "certain" : warnings.Count > 0 ? "warning" : "none";
    }

    private static EnvironmentFile Parse(string text) => EnvironmentFile.Parse(Encoding.UTF8.GetBytes(text), "f.env");
}
