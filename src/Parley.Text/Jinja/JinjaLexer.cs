using System.Globalization;
using System.Text;

namespace Parley.Text.Jinja;

internal enum TokenKind
{
    Text,
    Open,       // {{
    Close,      // }}
    OpenBlock,  // {%
    CloseBlock, // %}
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

internal readonly record struct Token(TokenKind Kind, string Text, int Line);

/// <summary>
/// Cuts a template into tokens, with Hugging Face's settings: <c>trim_blocks</c> (the newline after a block or comment goes),
/// <c>lstrip_blocks</c> (blanks before a block that is first on its line go), and the file's last newline dropped.
/// </summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Operators =
        ["//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|"];

    private readonly string source;
    private readonly string[] lines;
    private readonly List<Token> tokens = [];
    private int position;
    private int line = 1;

    private JinjaLexer(string source, string[] lines)
    {
        this.source = source;
        this.lines = lines;
    }

    public static List<Token> Tokenise(string source, string[] lines)
    {
        if (source.EndsWith('\n'))
            source = source[..^1];
        JinjaLexer lexer = new(source, lines);
        lexer.ReadAll();
        return lexer.tokens;
    }

    private void ReadAll()
    {
        while (position < source.Length)
        {
            int tag = NextTag(position);
            if (tag < 0)
            {
                AddText(position, source.Length);
                position = source.Length;
                break;
            }
            ReadTag(tag);
        }
        tokens.Add(new(TokenKind.End, "", line));
    }

    private int NextTag(int from)
    {
        for (int at = from; (at = source.IndexOf('{', at)) >= 0 && at + 1 < source.Length; at++)
        {
            if (source[at + 1] is '{' or '%' or '#')
                return at;
        }
        return -1;
    }

    private void ReadTag(int tag)
    {
        char kind = source[tag + 1];
        int inside = tag + 2;
        char control = inside < source.Length ? source[inside] : ' ';
        int textEnd = tag;
        if (control == '-')
        {
            while (textEnd > position && char.IsWhiteSpace(source[textEnd - 1]))
                textEnd--;
        }
        else if (kind != '{' && control != '+')
        {
            int blank = tag;
            while (blank > position && source[blank - 1] is ' ' or '\t')
                blank--;
            bool isFirstOnLine = blank == 0 || source[blank - 1] == '\n';
            if (isFirstOnLine)
                textEnd = blank;
        }
        AddText(position, textEnd);
        CountLines(textEnd, tag);
        position = control is '-' or '+' ? inside + 1 : inside;
        if (kind == '#')
        {
            int close = source.IndexOf("#}", position, StringComparison.Ordinal);
            if (close < 0)
                throw Fault("a comment '{#' without its '#}'.");
            CountLines(tag, close + 2);
            bool strips = close > position && source[close - 1] == '-';
            position = close + 2;
            AfterTag(strips, trimsNewline: true);
            return;
        }
        tokens.Add(new(kind == '{' ? TokenKind.Open : TokenKind.OpenBlock, source.Substring(tag, 2), line));
        ReadInside(kind == '{' ? "}}" : "%}", kind == '{' ? TokenKind.Close : TokenKind.CloseBlock);
    }

    private void ReadInside(string close, TokenKind closeKind)
    {
        int depth = 0; // of braces, so that the }} of a nested dictionary does not close the tag
        while (position < source.Length)
        {
            char c = source[position];
            if (c == '\n')
                line++;
            if (char.IsWhiteSpace(c))
            {
                position++;
                continue;
            }
            bool strips = c == '-' && string.CompareOrdinal(source, position + 1, close, 0, 2) == 0;
            if (depth == 0 && (strips || string.CompareOrdinal(source, position, close, 0, 2) == 0))
            {
                tokens.Add(new(closeKind, close, line));
                position += strips ? 3 : 2;
                AfterTag(strips, trimsNewline: closeKind == TokenKind.CloseBlock);
                return;
            }
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            ReadToken(c);
        }
        throw Fault($"a tag without its '{close}'.");
    }

    private void AfterTag(bool strips, bool trimsNewline)
    {
        if (strips)
        {
            while (position < source.Length && char.IsWhiteSpace(source[position]))
            {
                if (source[position] == '\n')
                    line++;
                position++;
            }
        }
        else if (trimsNewline && position < source.Length && source[position] == '\n')
        {
            line++;
            position++;
        }
    }

    private void ReadToken(char c)
    {
        if (c is '"' or '\'')
            ReadString(c);
        else if (char.IsAsciiDigit(c))
            ReadNumber();
        else if (char.IsLetter(c) || c == '_')
            ReadName();
        else
            ReadOperator();
    }

    private void ReadString(char quote)
    {
        StringBuilder text = new();
        int opened = line;
        for (position++; position < source.Length; position++)
        {
            char c = source[position];
            if (c == quote)
            {
                position++;
                tokens.Add(new(TokenKind.String, text.ToString(), opened));
                return;
            }
            if (c == '\n')
                line++;
            if (c == '\\' && position + 1 < source.Length)
            {
                char escaped = source[++position];
                if (escaped == 'u' && position + 4 < source.Length
                    && ushort.TryParse(source.AsSpan(position + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
                {
                    text.Append((char)unit);
                    position += 4;
                    continue;
                }
                text.Append(escaped switch { 'n' => "\n", 't' => "\t", 'r' => "\r", '\\' => "\\", '\'' => "'", '"' => "\"", _ => "\\" + escaped });
                continue;
            }
            text.Append(c);
        }
        line = opened;
        throw Fault("a string without its closing quote.");
    }

    private void ReadNumber()
    {
        int from = position;
        while (position < source.Length && (char.IsAsciiDigit(source[position]) || source[position] == '_'))
            position++;
        bool isFloat = position + 1 < source.Length && source[position] == '.' && char.IsAsciiDigit(source[position + 1]);
        if (isFloat)
        {
            position++;
            while (position < source.Length && char.IsAsciiDigit(source[position]))
                position++;
        }
        string digits = source[from..position].Replace("_", "", StringComparison.Ordinal);
        tokens.Add(new(isFloat ? TokenKind.Float : TokenKind.Integer, digits, line));
    }

    private void ReadName()
    {
        int from = position;
        while (position < source.Length && (char.IsLetterOrDigit(source[position]) || source[position] == '_'))
            position++;
        tokens.Add(new(TokenKind.Name, source[from..position], line));
    }

    private void ReadOperator()
    {
        foreach (string candidate in Operators)
        {
            if (string.CompareOrdinal(source, position, candidate, 0, candidate.Length) != 0)
                continue;
            tokens.Add(new(TokenKind.Operator, candidate, line));
            position += candidate.Length;
            return;
        }
        throw Fault($"the character '{source[position]}' has no meaning inside a tag.");
    }

    private void AddText(int from, int to)
    {
        if (to > from)
            tokens.Add(new(TokenKind.Text, source[from..to], line));
        CountLines(from, to);
    }

    private void CountLines(int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            if (source[i] == '\n')
                line++;
        }
    }

    private JinjaException Fault(string problem) => new(line, lines[Math.Min(line, lines.Length) - 1], problem);
}
