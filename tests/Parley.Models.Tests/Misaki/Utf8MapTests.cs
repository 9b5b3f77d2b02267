using System.Text;
using Parley.Models.Misaki;

namespace Parley.Models.Tests.Misaki;

public class Utf8MapTests
{
    [Fact]
    public void It_is_a_dictionary() => Gen.Select(Gen.String[Gen.Char['a', 'é'], 0, 12], Gen.Int[0, 1000]).Array[0, 300].Sample(entries =>
    {
        Utf8Map map = new(4);
        Dictionary<string, int> plain = new(StringComparer.Ordinal);
        foreach ((string key, int value) in entries)
        {
            map.Set(Encoding.UTF8.GetBytes(key), value);
            plain[key] = value;
        }
        map.Trim();
        Assert.Equal(plain.Count, map.Count);
        foreach ((string key, int value) in plain)
            Assert.Equal(value, map.Get(key));
        Assert.Equal(plain.GetValueOrDefault("zzz!", -1), map.Get("zzz!"));
    });

    [Fact]
    public void A_key_that_is_too_long_is_never_there()
    {
        Utf8Map map = new(4);
        Assert.Throws<FormatException>(() => map.Set(new byte[Utf8Map.LongestKey + 1], 1));
        Assert.Equal(-1, map.Get(new string('a', 10_000)));
    }
}
