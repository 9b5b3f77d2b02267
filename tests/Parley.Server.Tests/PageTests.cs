using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Parley.Server.Tests;

public class PageTests
{
    [Theory]
    [InlineData("/", "text/html; charset=utf-8")]
    [InlineData("/page.css", "text/css; charset=utf-8")]
    [InlineData("/page.js", "text/javascript; charset=utf-8")]
    public async Task The_page_is_served_with_a_policy_and_asks_for_nothing_from_elsewhere(string path, string type)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.Http.GetAsync(path);
        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        Assert.StartsWith("default-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotMatch("https?://", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Every_control_has_a_label_and_no_script_or_style_stands_in_the_page()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        string page = await server.Http.GetStringAsync("/");
        Assert.Contains("<html lang=\"en\">", page, StringComparison.Ordinal);
        foreach (Match control in Regex.Matches(page, "<(?:input|select|textarea) id=\"([^\"]+)\""))
            Assert.Contains($"<label for=\"{control.Groups[1].Value}\">", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("<style|style=|onclick|<script(?! src)", page);
    }

    [Fact]
    public async Task Every_element_that_the_script_uses_is_in_the_page()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        string page = await server.Http.GetStringAsync("/"), script = await server.Http.GetStringAsync("/page.js");
        Assert.All(Regex.Matches(script, "\\$\\(\"([^\"]+)\"\\)"), use => Assert.Contains($"id=\"{use.Groups[1].Value}\"", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_server_says_what_it_is_and_what_it_takes()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        Assert.True(JsonElement.Parse(await server.Http.GetStringAsync("/version")).TryGetProperty("version", out _));
        JsonElement facts = JsonElement.Parse(await server.Http.GetStringAsync("/v1/server"));
        Assert.Equal(20_000, facts.GetProperty("limits").GetProperty("buffered_characters").GetInt32());
        Assert.Equal("none", facts.GetProperty("auth").GetString());
        Assert.Contains("opus", facts.GetProperty("speech_formats").EnumerateArray().Select(format => format.GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync("/page.html")).StatusCode);
    }
}
