using System.Text.Json;
using Parley.Models.Misaki;

namespace Parley.Models.Tests.Misaki;

/// <summary>
/// Every line of <c>wishes.jsonl</c>: an input that the reference reads badly and what should be spoken. Where that is a text,
/// the faithful mode's reading of it is the target (with the input's first capital and last mark, which also shape the
/// sound). Where it is a remark, a fragment, or a text that trips the reference itself, the target is written here.
/// </summary>
public class WishesTests
{
    private static readonly Dictionary<string, string> ByHand = new(StringComparer.Ordinal)
    {
        ["The book I read was good."] = "ðə bˈʊk ˌI ɹˈɛd wʌz ɡˈʊd.",           // the wish is itself read as "book one"
        ["The part I like is short."] = "ðə pˈɑɹt ˌI lˈIk ɪz ʃˈɔɹt.",
        ["In class I sleep."] = "ɪn klˈæs ˌI slˈip.",
        ["George Clooney met James Cameron."] = "ʤˈɔɹʤ klˈuni mˈɛt ʤˈAmz kˈæməɹɹən.",
        ["A Class C license."] = "ɐ klˈæs sˈi lˈIsᵊns.",
        ["He said no."] = "hˌi sˈɛd nˈO.",
        ["Yes or no."] = "jˈɛs ɔɹ nˈO.",
        ["The fig. tree"] = "ðə fˈɪɡ. tɹˈi",
        ["Sat. on the mat."] = "sˈæt. ˌɔn ðə mˈæt.",
        ["i.e. This is it."] = "ðæt ɪz ðˌɪs ɪz ɪt.",
        ["The U.S. Army came."] = "ðə jˌuˈɛs ˈɑɹmi kˈAm.",
        ["Dr. Who met Mr. X. He left."] = "dˈɑktəɹ hˌu mˈɛt mˈɪstəɹ ˈɛks. ¦ hˌi lˈɛft.",
        ["(Really?) Yes."] = "(ɹˈiᵊli?) ¦ jˈɛs.",
        ["\"Lead\" is a metal, she \"read\"."] = "“lˈɛd” ɪz ɐ mˈɛTᵊl, ʃi “ɹˈɛd”.",
        ["\"Hello,\" she said."] = "“həlˈO,” ʃi sˈɛd.",
        ["'Twas the '90s."] = "twˈʌz ðə nˈIndiz.",
        ["Charles' dog"] = "ʧˈɑɹlz dˈɔɡ",
        ["It is .75 of it."] = "ˌɪt ɪz pˈYnt sˈɛvən fˈIv ʌv ɪt.",
        ["It is 3/4."] = "ˌɪt ɪz θɹˈi kwˈɔɹTəɹz.",
        ["pages 3-5."] = "pˈAʤᵻz θɹˈi tə fˈIv.",
        ["Call 555-1234."] = "kˈɔl fˈIv fˈIv fˈIv, wˈʌn tˈu θɹˈi fˈɔɹ.",
        ["1-800-555-0199"] = "wˈʌn ˈAt hˈʌndɹəd, fˈIv fˈIv fˈIv, zˈɪɹO wˈʌn nˈIn nˈIn",
        ["+1 555 123 4567"] = "plˈʌs wˈʌn, fˈIv fˈIv fˈIv, wˈʌn tˈu θɹˈi, fˈɔɹ fˈIv sˈɪks sˈɛvən",
        ["a 3:2 ratio"] = "ɐ θɹˈi tə tˈu ɹˈAʃiO",
        ["5 m, 2 L, 60W, 5V, 24h"] = "fˈIv mˈiTəɹz, tˈu lˈiTəɹz, sˈɪksti wˈɑts, fˈIv vˈOlts, twˈɛnti fˈɔɹ ˈWəɹz",
        ["50 km² and 3 m³"] = "fˈɪfti skwˈɛɹ kəlˈɑməTəɹz ænd θɹˈi kjˈubɪk mˈiTəɹz",
        ["40 MPH"] = "fˈɔɹTi mˈIlz pɜɹ ˈWəɹ",
        ["2 1/2 cups and 2½ cups"] = "tˈu ænd ɐ hˈæf kˈʌps ænd tˈu ænd ɐ hˈæf kˈʌps",
        ["1234567890123456789012345678901234567890"] = string.Join(' ', Enumerable.Repeat("wˈʌn tˈu θɹˈi fˈɔɹ fˈIv sˈɪks sˈɛvən ˈAt nˈIn zˈɪɹO", 4)),
        ["room 101"] = "ɹˈum wˈʌn ˈO wˈʌn",
        ["007"] = "zˈɪɹO zˈɪɹO sˈɛvən",
        ["-> =>"] = "",
        ["a[0]"] = "ɐ zˈɪɹO",
        ["Hello - world"] = "həlˈO — wˈɜɹld",
        ["Hello -- world"] = "həlˈO — wˈɜɹld",
        ["# Heading\n- first\n1. One"] = "hˈɛdɪŋ ¦ fˈɜɹst ¦ wˈʌn, wˈʌn",
        ["I love it 😀!"] = "ˌI lˈʌv ɪt!",
        ["lead pipe, made of lead"] = "lˈɛd pˈIp, mˌAd ʌv lˈɛd",
        ["I object."] = "ˌI əbʤˈɛkt.",
        ["The bass player took a bow."] = "ðə bˈAs plˈAəɹ tˈʊk ɐ bˈW.",
        ["a tear in her dress"] = "ɐ tˈɛɹ ɪn hɜɹ dɹˈɛs",
        ["Wind up."] = "wˈInd ˌʌp.",
        ["The dove dove."] = "ðə dˈʌv dˈOv.",
        ["I am content."] = "ˌI ɐm kəntˈɛnt.",
        ["a minute detail"] = "ɐ mInˈut dətˈAl",
        ["Siobhan, Saoirse, Nguyen"] = "ʃəvˈɔn, sˈɪɹʃə, wˈɪn",
        ["Kubernetes, PostgreSQL, nginx"] = "kˌubəɹnˈɛTiz, pˈOstɡɹɛs kjˌuˈɛl, ˈɛnʤɪn ˈɛks",
        ["Xochitl, Wojciechowski"] = "sˈOʧil, vˌYʧəhˈɔfski",
        ["xkcd brrr tsk"] = "ˌɛkskˌAsˌidˈi bˌiˌɑɹˌɑɹˈɑɹ tˌiˌɛskˈA",
        ["S'il vous plaît"] = "sˈɪl vˈuz plˈAt",                              // no consonants alone; French it is not
        ["Привет, 日本語"] = "",
        ["antidisestablishmentarianismesque"] = "ˌæntidˌɪsəstˌæblɪʃməntˈɛɹiənˌɪzəmˈɛsk",
        ["ai"] = "ˈI",
    };

    public static TheoryData<string, string> Lines
    {
        get
        {
            TheoryData<string, string> lines = [];
            foreach (string line in File.ReadLines(TestData.Golden("starter-voice/text/wishes.jsonl")))
            {
                using JsonDocument wish = JsonDocument.Parse(line);
                lines.Add(wish.RootElement[0].GetString()!, wish.RootElement[3].GetString()!);
            }
            return lines;
        }
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void The_default_mode_says_what_is_wished(string text, string wish)
    {
        string said = FrontEnds.Say(text);
        if (ByHand.TryGetValue(text, out string? expected))
            Assert.Equal(expected, said);
        else
            Assert.Equal(FrontEnds.Bare(FrontEnds.Say(Adapted(wish, text), ReadingMode.Faithful)), FrontEnds.Bare(said));
    }

    [Fact]
    public void Every_line_is_held_to_something()
    {
        Assert.Equal(88, Lines.Count);
        HashSet<string> inputs = [.. Lines.Select(row => row.Data.Item1)];
        Assert.All(ByHand.Keys, text => Assert.Contains(text, inputs));
    }

    /// <summary>The wish without its remark in brackets, with the input's first capital and last mark.</summary>
    private static string Adapted(string wish, string text)
    {
        int remark = wish.LastIndexOf(" (", StringComparison.Ordinal);
        if (remark > 0 && wish.EndsWith(')'))
            wish = wish[..remark];
        if (char.IsUpper(text[0]))
            wish = char.ToUpperInvariant(wish[0]) + wish[1..];
        return text[^1] is '.' or '!' or '?' ? wish + text[^1] : wish;
    }
}
