using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Parley.Server.Tests;

public class PageTests
{
    public static TheoryData<string, string> Files
    {
        get
        {
            TheoryData<string, string> files = [];
            foreach (string file in Directory.EnumerateFiles(Path.Combine(TestData.Root, "src", "Parley.Server", "wwwroot")).Select(path => Path.GetFileName(path)))
            {
                files.Add(file == "index.html" ? "/" : "/" + file, Path.GetExtension(file) switch
                {
                    ".html" => "text/html; charset=utf-8",
                    ".css" => "text/css; charset=utf-8",
                    ".js" => "text/javascript; charset=utf-8",
                    ".svg" => "image/svg+xml",
                    ".woff2" => "font/woff2",
                    _ => "text/plain; charset=utf-8",
                });
            }
            return files;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task The_page_is_served_with_a_policy_and_asks_for_nothing_from_elsewhere(string path, string type)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.Http.GetAsync(path);
        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        string policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains($"connect-src 'self' ws://{server.Address.Authority};", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        if (path.EndsWith(".html", StringComparison.Ordinal) || path.EndsWith(".css", StringComparison.Ordinal) || path == "/")
            Assert.DoesNotMatch("https?://", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_file_that_the_browser_has_is_not_sent_again()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage first = await server.Http.GetAsync("/studio.css");
        using HttpRequestMessage again = new(HttpMethod.Get, "/studio.css");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using HttpResponseMessage second = await server.Http.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.True(second.Headers.Contains("Content-Security-Policy"));
    }

    [Fact]
    public async Task A_host_with_odd_letters_does_not_get_into_the_policy()
    {
        ServerOptions options = new();
        options.Auth.Open = true; // any name may be used
        await using TestServer server = await TestServer.StartAsync(options, TestServer.Speaker(new ToneSpeaker()));
        string answer = await RawHttp.ExchangeAsync(server.Address, "GET / HTTP/1.1\r\nHost: a.test;script-src*\r\nConnection: close\r\n\r\n");
        Assert.DoesNotContain("script-src*", answer.Split("\r\n\r\n")[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/judge")]
    public async Task Every_control_has_a_label_and_no_script_or_style_stands_in_the_page(string path)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        string page = await server.Http.GetStringAsync(path);
        Assert.Contains("<html lang=\"en\">", page, StringComparison.Ordinal);
        foreach (Match control in Regex.Matches(page, "<(?:input|select|textarea|meter) id=\"([^\"]+)\""))
            Assert.Matches($"<label (class=\"[a-z ]+\" )?for=\"{control.Groups[1].Value}\"", page);
        Assert.DoesNotMatch("<style|style=|onclick|<script(?! src)", page);
    }

    [Fact]
    public async Task Every_element_that_the_scripts_use_is_in_the_page()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        string studio = await server.Http.GetStringAsync("/"), judge = await server.Http.GetStringAsync("/judge");
        foreach (string script in Directory.EnumerateFiles(Path.Combine(TestData.Root, "src", "Parley.Server", "wwwroot"), "*.js"))
        {
            string page = Path.GetFileName(script) == "judge.js" ? judge : studio;
            Assert.All(Regex.Matches(await File.ReadAllTextAsync(script), "(?:\\$|getElementById)\\(\"([^\"]+)\"\\)"),
                use => Assert.Contains($"id=\"{use.Groups[1].Value}\"", page, StringComparison.Ordinal));
        }
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
