using System.Text;
using Parley.Cli.Configuration;

namespace Parley.Cli.Tests.Configuration;

public class JsonSourceTests
{
    [Fact]
    public void Comments_trailing_commas_and_a_byte_order_mark_are_fine()
    {
        ConfigurationNode root = Parse("\uFEFF// where we listen\n{ \"http\": { \"port\": 1, /* no more */ }, }\n");

        ConfigurationMember http = Assert.Single(root.Members);
        ConfigurationMember port = Assert.Single(http.Value.Members);
        Assert.Equal(("http", "port", "1"), (http.Name, port.Name, port.Value.Text));
    }

    [Fact]
    public void Every_value_keeps_its_place()
    {
        ConfigurationNode root = Parse("{\n  \"a\": 1,\n  \"ü\": [true,\n    \"x\"]\n}");

        Assert.Equal("file:p.json:2", root.Members[0].Value.Origin.ToString());
        Assert.Equal((4, 5), (root.Members[1].Value.Items[1].Origin.Line, root.Members[1].Value.Items[1].Origin.Column));
    }

    [Theory]
    [InlineData("", "p.json:1:1")]
    [InlineData("[]", "begins with '{'")]
    [InlineData("{} {}", "p.json:1:4: not valid JSON")]
    [InlineData("{\"a\": 1\n\"b\": 2}", "p.json:2:1: not valid JSON")]
    [InlineData("{\"a\": \"\\ud800\"}", "surrogate")]
    [InlineData("{\"a\": 1, \"b\": 2,\n \"a\": 3}", "p.json:2:2: \"a\" stands here again; it is already set in line 1")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}", "depth")]
    public void What_is_wrong_is_said_with_its_place(string json, string said)
    {
        ConfigurationException fault = Assert.Throws<ConfigurationException>(() => Parse(json));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_placed()
    {
        ConfigurationException fault = Assert.Throws<ConfigurationException>(() => JsonSource.Parse([.. "{ \"a\":\n \""u8, 0xFF, .. "\" }"u8], "p.json"));
        Assert.Equal("p.json:2:3: not UTF-8: save the file in that encoding.", fault.Message);
    }

    [Fact]
    public void Whatever_comes_the_reader_answers_with_a_tree_or_its_own_error()
    {
        byte[] seed = Encoding.UTF8.GetBytes("""{ "http": { "port": 8080, "listen": "127.0.0.1", /* x */ "allowed_hosts": ["a", "b"] }, "queue": { "max_wait": "30s" }, "t": null, "u": -1.5e3 }""");
        Gen.Select(Gen.Int[0, seed.Length - 1].Array[0, 4], Gen.Byte.Array[4], Gen.Int[0, seed.Length]).Sample((places, values, cut) =>
        {
            byte[] bytes = [.. seed[..cut]];
            for (int i = 0; i < places.Length; i++)
            {
                if (places[i] < bytes.Length)
                    bytes[places[i]] = values[i];
            }
            ReadsOrRefuses(bytes);
        }, iter: 20_000);
    }

    [Fact]
    public void Whatever_comes_costs_no_more_memory_than_its_size_a_few_times()
    {
        ReadsOrRefuses([]); // warm
        Gen<byte[]> nonsense = Gen.Char["{}[]\",:tfn/*0 \n\u00ff\\"].Select(c => (byte)c).Array[0, 400];
        Gen<byte[]> dense = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 4000]).Select((kind, times) => Encoding.UTF8.GetBytes("{\"a\":[" + string.Concat(Enumerable.Repeat(kind switch
        {
            0 => "0,",          // the most values in the fewest bytes
            1 => "{},",
            2 => "[[]],",
            _ => "{\"b\":1,\"b\":1},", // a complaint each
        }, times))));
        Gen.OneOf(nonsense, dense).Sample(bytes =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ReadsOrRefuses(bytes);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 64_000 + 256L * bytes.Length, $"{allocated} bytes allocated for {bytes.Length}");
        }, iter: 10_000, threads: 1);
    }

    private static void ReadsOrRefuses(byte[] bytes)
    {
        try
        {
            JsonSource.Parse(bytes, "p.json");
        }
        catch (ConfigurationException fault)
        {
            Assert.NotEmpty(fault.Problems);
        }
    }

    private static ConfigurationNode Parse(string json) => JsonSource.Parse(Encoding.UTF8.GetBytes(json), "p.json");
}
