namespace Parley.Server;

internal static class HeaderText
{
    /// <summary>Text that may stand in a header: what is not visible ASCII is percent-escaped, and a long name is cut.</summary>
    public static string Escape(string text) => Uri.EscapeDataString(text.Length <= 64 ? text : text[..64]).Replace("%3A", ":", StringComparison.Ordinal);
}
