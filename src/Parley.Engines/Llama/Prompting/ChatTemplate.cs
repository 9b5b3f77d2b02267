using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using Parley.Models;
using Parley.Text.Jinja;

namespace Parley.Engines.Llama;

/// <summary>The chat template of a model's file, and how messages are laid out by it.</summary>
internal sealed class ChatTemplate
{
    private static readonly JsonSerializerOptions OneLine = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    private readonly JinjaTemplate plain, withTools;
    private readonly string engine, beginText, endText;
    private readonly TimeProvider time;

    private ChatTemplate(string engine, JinjaTemplate plain, JinjaTemplate withTools, AnswerFormat format, string beginText, string endText, TimeProvider time)
    {
        this.engine = engine;
        this.plain = plain;
        this.withTools = withTools;
        Format = format;
        this.beginText = beginText;
        this.endText = endText;
        this.time = time;
    }

    /// <summary>How the model writes calls and thoughts.</summary>
    public AnswerFormat Format { get; }

    /// <param name="engine">The engine's name, for messages.</param>
    /// <param name="file">The model's file.</param>
    /// <param name="beginText">The token that begins every text, as text; may be empty.</param>
    /// <param name="endText">The token that ends every text, as text.</param>
    /// <param name="time">Clock for templates that name the date.</param>
    /// <exception cref="ModelFileException">The file has no template, or one that is outside what is supported; the line is quoted.</exception>
    public static ChatTemplate Read(string engine, BrainFile file, string beginText, string endText, TimeProvider time)
    {
        if (file.Template is not { Length: > 0 } source)
            throw new ModelFileException(file.Path, "has no chat template (tokenizer.chat_template): it is a base model, and does not answer. Take its 'instruct' or 'chat' form.");
        try
        {
            JinjaTemplate plain = JinjaTemplate.Parse(source);
            JinjaTemplate withTools = file.ToolTemplate == source ? plain : JinjaTemplate.Parse(file.ToolTemplate!);
            return new ChatTemplate(engine, plain, withTools, AnswerFormat.Of(file.ToolTemplate!), beginText, endText, time);
        }
        catch (JinjaException fault)
        {
            throw new ModelFileException(file.Path, $"has a chat template that cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>The text that the model goes on from.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="tools">Functions that the model may call.</param>
    /// <param name="reasoning">True if a model that can think aloud does so.</param>
    /// <param name="forAnswer">False to leave out the beginning of an answer.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, or does something that is not supported; the line is quoted.</exception>
    public MarkedText Render(IReadOnlyList<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration> tools, bool reasoning, bool forAnswer = true)
    {
        Dictionary<string, object?> inputs = new()
        {
            ["messages"] = messages.SelectMany(Describe).ToList(),
            ["add_generation_prompt"] = forAnswer,
            ["enable_thinking"] = reasoning,
            ["bos_token"] = MarkedText.OfTemplate(beginText),
            ["eos_token"] = MarkedText.OfTemplate(endText),
        };
        if (tools.Count > 0)
            inputs["tools"] = tools.Select(tool => (object?)Describe(tool)).ToList();
        try
        {
            return (tools.Count > 0 ? withTools : plain).Render(inputs, time);
        }
        catch (JinjaRaisedException refused)
        {
            throw new ChatTemplateException(engine, refused.Reason, refused);
        }
        catch (JinjaException fault)
        {
            throw new ChatTemplateException(engine, fault.Message, fault);
        }
    }

    /// <summary>A message as templates expect it; each result of a function is a message of its own.</summary>
    private static IEnumerable<Dictionary<string, object?>> Describe(ChatMessage message)
    {
        FunctionResultContent[] results = [.. message.Contents.OfType<FunctionResultContent>()];
        foreach (FunctionResultContent result in results)
        {
            yield return new()
            {
                ["role"] = MarkedText.OfTemplate("tool"), ["content"] = result.Result as string ?? JsonSerializer.Serialize(result.Result, OneLine.GetTypeInfo(typeof(object))), ["tool_call_id"] = result.CallId,
            };
        }
        if (results.Length > 0 && message.Text.Length == 0)
            yield break;
        Dictionary<string, object?> described = new()
        {
            ["role"] = MarkedText.OfTemplate(RoleOf(message.Role)), ["content"] = message.Text,
        };
        FunctionCallContent[] calls = [.. message.Contents.OfType<FunctionCallContent>()];
        if (calls.Length > 0)
        {
            described["tool_calls"] = calls.Select(call => (object?)new Dictionary<string, object?>
            {
                ["id"] = call.CallId,
                ["type"] = MarkedText.OfTemplate("function"),
                ["function"] = new Dictionary<string, object?> { ["name"] = call.Name, ["arguments"] = ArgumentsOf(call) },
            }).ToList();
        }
        yield return described;
    }

    private static string RoleOf(ChatRole role) =>
        role == ChatRole.System ? "system" : role == ChatRole.Assistant ? "assistant" : role == ChatRole.Tool ? "tool" : "user";

    private static JsonObject ArgumentsOf(FunctionCallContent call)
    {
        JsonObject arguments = [];
        foreach ((string name, object? value) in call.Arguments ?? new Dictionary<string, object?>())
            arguments[name] = JsonSerializer.SerializeToNode(value, OneLine.GetTypeInfo(typeof(object)));
        return arguments;
    }

    private static JsonObject Describe(AIFunctionDeclaration tool) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = tool.Name, ["description"] = tool.Description, ["parameters"] = JsonNode.Parse(tool.JsonSchema.GetRawText()),
        },
    };
}
