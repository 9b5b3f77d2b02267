using Parley.Models.Misaki;

namespace Parley.Models.Tests.Misaki;

public class DataFileTests
{
    public static TheoryData<string> Files =>
        ["lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz", "tagger.json.gz", "normalize.json", "tokenizer_exceptions.json", "oov.json", "vocab.json"];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_missing_file_is_named(string name)
    {
        string folder = Copy();
        File.Delete(Path.Combine(folder, name));
        Assert.EndsWith(name, Fault(folder).Path, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_cut_short_is_named(string name)
    {
        string path = Path.Combine(Copy(), name);
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        Assert.Equal(path, Fault(Path.GetDirectoryName(path)!).Path);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Random_bytes_give_our_exception_and_no_other(string name)
    {
        byte[] whole = File.ReadAllBytes(TestData.Starter("hibari/" + name));
        string path = Path.Combine(Directory.CreateTempSubdirectory("parley-misaki").FullName, name);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 20].Sample(
            changes =>
            {
                byte[] damaged = [.. whole];
                foreach ((int at, byte value) in changes)
                    damaged[at] = value;
                File.WriteAllBytes(path, damaged);
                try
                {
                    ReadOne(path);                                             // a change may also be harmless
                }
                catch (ModelFileException fault)
                {
                    Assert.Equal(path, fault.Path);
                }
            },
            iter: 30, threads: 1);
    }

    [Fact]
    public void A_missing_net_is_named()
    {
        string folder = Copy();
        File.Delete(Path.Combine(folder, "oov.onnx"));
        Assert.EndsWith("oov.onnx", Fault(folder).Path, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_net_is_named_when_it_is_needed()
    {
        string folder = Copy(), path = Path.Combine(folder, "oov.onnx");
        File.WriteAllBytes(path, new byte[1000]);
        using MisakiFrontEnd frontEnd = MisakiFrontEnd.Open(folder, EnglishAccent.American);
        Assert.NotEmpty(frontEnd.Read("Every word is known."));
        Assert.Equal(path, Assert.Throws<ModelFileException>(() => frontEnd.Read("Snorfled.")).Path);
    }

    private static object ReadOne(string path) => Path.GetFileName(path) switch
    {
        "tagger.json.gz" => Tagger.Read(path),
        "normalize.json" => new Normalizer(NormalizerTables.Read(path)),
        "tokenizer_exceptions.json" => Tokenizer.Read(path),
        "oov.json" => OovNet.Read(TestData.Starter("hibari/oov.onnx"), path),
        "vocab.json" => PhonemeVocabulary.Read(path),
        _ => LexiconTable.Read(path),
    };

    private static ModelFileException Fault(string folder) => Assert.Throws<ModelFileException>(() => Open(folder));

    private static void Open(string folder)
    {
        PhonemeVocabulary.Read(Path.Combine(folder, "vocab.json"));
        MisakiFrontEnd.Open(folder, EnglishAccent.American).Dispose();
    }

    private static string Copy()
    {
        string folder = Directory.CreateTempSubdirectory("parley-misaki").FullName;
        foreach (string name in Files.Select(row => row.Data).Append("oov.onnx"))
        {
            File.WriteAllBytes(Path.Combine(folder, name), File.ReadAllBytes(TestData.Starter("hibari/" + name)));
        }
        return folder;
    }
}
