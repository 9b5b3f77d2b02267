using System.Security.Cryptography;

namespace Parley.Server;

/// <summary>Identifiers as OpenAI makes them: what the thing is, and 21 random characters.</summary>
internal static class RealtimeIds
{
    private const int Length = 21;
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static string Session() => "sess_" + Random();

    public static string Conversation() => "conv_" + Random();

    public static string Event() => "event_" + Random();

    public static string Item() => "item_" + Random();

    public static string Response() => "resp_" + Random();

    public static string Call() => "call_" + Random();

    private static string Random() => RandomNumberGenerator.GetString(Alphabet, Length);
}
