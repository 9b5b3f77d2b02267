namespace Parley.Text.Jinja;

/// <summary>
/// A chat template: the part of Jinja 2 that the published templates of Llama, Qwen, SmolLM, Gemma and Mistral use, with
/// Hugging Face's settings. What is outside that part is an error that quotes the line, never a silent difference.
/// Reading is done once; rendering may run on several threads.
/// </summary>
public sealed class JinjaTemplate
{
    private readonly IReadOnlyList<Node> nodes;
    private readonly string[] lines;

    private JinjaTemplate(IReadOnlyList<Node> nodes, string[] lines)
    {
        this.nodes = nodes;
        this.lines = lines;
    }

    /// <exception cref="JinjaException">The template is not well formed, or uses a statement that is not supported.</exception>
    public static JinjaTemplate Parse(string source)
    {
        source = source.ReplaceLineEndings("\n");
        string[] lines = source.Split('\n');
        return new(new JinjaParser(JinjaLexer.Tokenise(source, lines), lines).ParseAll(), lines);
    }

    /// <summary>
    /// Renders with the given names. Strings inside the values count as input (<see cref="MarkedRun.IsInput"/>), except
    /// <see cref="MarkedText"/>, which keeps its own marks: give <c>bos_token</c> as <see cref="MarkedText.OfTemplate"/>.
    /// </summary>
    /// <param name="inputs">Strings, numbers, booleans, lists, string-keyed mappings, or JSON nodes.</param>
    /// <param name="time">The clock behind <c>strftime_now</c>.</param>
    /// <exception cref="JinjaRaisedException">The template refused its input.</exception>
    /// <exception cref="JinjaException">The template does something that is not supported or cannot be done with these values.</exception>
    public MarkedText Render(IReadOnlyDictionary<string, object?> inputs, TimeProvider time)
    {
        Dictionary<string, object?> names = new(StringComparer.Ordinal);
        foreach ((string name, object? value) in inputs)
            names[name] = Values.FromInput(value);
        return new JinjaRenderer(lines, names, time).Render(nodes);
    }
}
