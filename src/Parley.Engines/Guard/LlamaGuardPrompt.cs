using Microsoft.Extensions.AI;
using Parley.Text.Jinja;

namespace Parley.Engines.Llama;

/// <summary>
/// The prompt of Llama Guard 3 (meta-llama/PurpleLlama: Llama-Guard3; the 1B form as its published template renders it). It begins
/// with a fixed part for each role, ends with another, and has the conversation in between; nothing in the conversation is read as
/// control tokens.
/// </summary>
/// <param name="categories">What is forbidden, in order.</param>
/// <param name="hasBlankBeforeEnd">True for the 1B form, which has a blank before the end of the turn.</param>
internal sealed class LlamaGuardPrompt(IReadOnlyList<GuardCategory> categories, bool hasBlankBeforeEnd)
{
    /// <summary>The categories as the prompt names them; the model card has longer names for three.</summary>
    public static IReadOnlyList<GuardCategory> Published { get; } =
    [
        new("S1", "Violent Crimes"), new("S2", "Non-Violent Crimes"), new("S3", "Sex Crimes"), new("S4", "Child Exploitation"), new("S5", "Defamation"),
        new("S6", "Specialized Advice"), new("S7", "Privacy"), new("S8", "Intellectual Property"), new("S9", "Indiscriminate Weapons"), new("S10", "Hate"),
        new("S11", "Self-Harm"), new("S12", "Sexual Content"), new("S13", "Elections"), new("S14", "Code Interpreter Abuse"),
    ];

    public IReadOnlyList<GuardCategory> Categories { get; } = categories;

    /// <summary>Everything before the conversation; the same for all conversations of a role.</summary>
    public MarkedText Prefix(GuardRole role)
    {
        List<MarkedText> text = [];
        Template(text, $"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nTask: Check if there is unsafe content in '{Name(role)}' messages in conversations according our safety policy with the below categories.\n\n<BEGIN UNSAFE CONTENT CATEGORIES>\n");
        foreach (GuardCategory category in Categories)
        {
            Input(text, $"{category.Id}: {category.Name.TrimEnd('.')}.");
            Template(text, "\n");
        }
        Template(text, "<END UNSAFE CONTENT CATEGORIES>\n\n<BEGIN CONVERSATION>\n\n");
        return MarkedText.Concat(text);
    }

    /// <summary>The conversation, and what follows it up to where the model answers.</summary>
    public MarkedText Rest(IEnumerable<(GuardRole Role, string Text)> conversation, GuardRole role)
    {
        List<MarkedText> text = [];
        foreach ((GuardRole speaker, string said) in conversation)
        {
            Template(text, $"{Name(speaker)}: ");
            Input(text, said.Trim());
            Template(text, "\n\n");
        }
        // The published prompt ends behind the header; the model was seen to write the line break that others end with, so it stands here.
        Template(text, $"<END CONVERSATION>\n\nProvide your safety assessment for ONLY THE LAST {Name(role)} message in the above conversation:\n - First line must read 'safe' or 'unsafe'.\n - If unsafe, a second line must include a comma-separated list of violated categories.{(hasBlankBeforeEnd ? " " : "")}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
        return MarkedText.Concat(text);
    }

    /// <summary>Turns of the two roles by turns; several of one role in a row become one.</summary>
    public static List<(GuardRole Role, string Text)> Turns(GuardRequest request)
    {
        List<(GuardRole Role, string Text)> turns = [];
        for (int i = 0; i < request.Messages.Count; i++)
        {
            ChatMessage message = request.Messages[i];
            bool isLast = i == request.Messages.Count - 1;
            if (!isLast && (message.Role == ChatRole.System || message.Text.Length == 0))
                continue;
            GuardRole role = isLast ? request.Role : message.Role == ChatRole.User ? GuardRole.User : GuardRole.Agent;
            if (turns.Count > 0 && turns[^1].Role == role)
                turns[^1] = (role, turns[^1].Text + "\n" + message.Text);
            else
                turns.Add((role, message.Text));
        }
        return turns;
    }

    private static void Template(List<MarkedText> text, string part) => text.Add(MarkedText.OfTemplate(part));

    private static void Input(List<MarkedText> text, string part) => text.Add(MarkedText.OfInput(part));

    private static string Name(GuardRole role) => role == GuardRole.User ? "User" : "Agent";
}
