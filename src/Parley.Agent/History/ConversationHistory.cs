using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Agent;

/// <summary>An item of the history, with what the conversation alone knows about it.</summary>
internal sealed class HistoryEntry(ConversationItem item)
{
    public ConversationItem Item { get; set; } = item;

    /// <summary>How an assistant's message was spoken.</summary>
    public SpokenMessage? Spoken { get; init; }

    /// <summary>What was played of it, if it was cut off.</summary>
    public TimeSpan? HeardUntil { get; set; }

    /// <summary>A user's sound, as long as it is kept.</summary>
    public AudioBuffer? Sound { get; set; }

    /// <summary>The brain is no longer told of it.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>The ear is at work on it.</summary>
    public bool IsTranscribing { get; set; }
}

/// <summary>What was said, in order, and what of it the brain is told.</summary>
internal sealed class ConversationHistory
{
    // A user's sound is kept for whoever asks for it: so much of the last ones.
    private const int MaxSoundSamples = 16_000 * 60;

    private readonly List<HistoryEntry> entries = [];

    public IReadOnlyList<HistoryEntry> Entries => entries;

    /// <summary>The items of which the brain is told.</summary>
    public IEnumerable<ConversationItem> Told => entries.Where(entry => !entry.IsForgotten).Select(entry => entry.Item);

    /// <summary>True as long as words are waited for that the brain should know.</summary>
    public bool IsTranscribing => entries.Exists(entry => entry.IsTranscribing);

    public string? LastId => entries.Count == 0 ? null : entries[^1].Item.Id;

    public HistoryEntry? Find(string id) => entries.Find(entry => entry.Item.Id == id);

    /// <summary>The item before another one.</summary>
    public string? Before(HistoryEntry entry) => entries.IndexOf(entry) is > 0 and int at ? entries[at - 1].Item.Id : null;

    public void Add(HistoryEntry entry) => entries.Add(entry);

    public void InsertAt(int index, HistoryEntry entry) => entries.Insert(index, entry);

    public int IndexOf(HistoryEntry entry) => entries.IndexOf(entry);

    public void Remove(HistoryEntry entry) => entries.Remove(entry);

    /// <summary>The brain is told of these no longer.</summary>
    public void Forget(IEnumerable<ConversationItem> items)
    {
        foreach (ConversationItem item in items)
            Find(item.Id)?.IsForgotten = true;
    }

    /// <summary>Forgets the oldest sound where there is too much.</summary>
    public void TrimSound()
    {
        int samples = 0;
        for (int i = entries.Count - 1; i >= 0; i--)
        {
            samples += entries[i].Sound?.Samples.Length ?? 0;
            if (samples > MaxSoundSamples)
                entries[i].Sound = null;
        }
    }

    /// <summary>What the brain is told: instructions, then the items. Calls that have no result yet are left out, and so are messages without words.</summary>
    /// <param name="instructions">Empty for none.</param>
    /// <param name="items">The history's or others.</param>
    /// <param name="turn">Words of a turn that is not an item yet.</param>
    /// <param name="more">What came after it.</param>
    public static List<ChatMessage> Messages(string instructions, IReadOnlyList<ConversationItem> items, string? turn, IReadOnlyList<ConversationItem> more)
    {
        List<ConversationItem> all = [.. items];
        if (turn is not null)
            all.Add(new MessageItem(MessageRole.User, [new TextPart(turn)]));
        all.AddRange(more);
        HashSet<string> answered = [.. all.OfType<FunctionOutputItem>().Select(output => output.CallId)];
        List<ChatMessage> messages = [];
        if (instructions.Length > 0)
            messages.Add(new ChatMessage(ChatRole.System, instructions));
        foreach (ConversationItem item in all)
        {
            switch (item)
            {
                case MessageItem message:
                    AddMessage(messages, message);
                    break;
                case FunctionCallItem call when answered.Contains(call.CallId):
                    Append(messages, ChatRole.Assistant, [new FunctionCallContent(call.CallId, call.Name, ReadArguments(call.Arguments))]);
                    break;
                case FunctionOutputItem output:
                    Append(messages, ChatRole.Tool, [new FunctionResultContent(output.CallId, output.Output)]);
                    break;
            }
        }
        return messages;
    }

    private static void AddMessage(List<ChatMessage> messages, MessageItem message)
    {
        List<AIContent> contents = [];
        foreach (MessagePart part in message.Content)
        {
            if (part is ImagePart image)
                contents.Add(new DataContent(image.DataUri));
            else if (part.Text?.Trim() is { Length: > 0 } words)
                contents.Add(new TextContent(words));
        }
        if (contents.Count == 0)
            return;
        ChatRole role = message.Role switch { MessageRole.System => ChatRole.System, MessageRole.User => ChatRole.User, _ => ChatRole.Assistant };
        Append(messages, role, contents);
        if (message is { Role: MessageRole.Assistant, Status: ItemStatus.Incomplete })
            messages[^1].WasInterrupted = true;
    }

    /// <summary>A user who goes on speaking has said one thing: models expect the roles to alternate.</summary>
    private static void Append(List<ChatMessage> messages, ChatRole role, List<AIContent> contents)
    {
        bool joins = messages.Count > 0 && messages[^1].Role == role && role != ChatRole.System;
        if (!joins)
        {
            messages.Add(new ChatMessage(role, contents));
            return;
        }
        if (messages[^1].Contents is [.., TextContent last] && contents is [TextContent first])
            messages[^1].Contents[^1] = new TextContent($"{last.Text} {first.Text}");
        else
            contents.ForEach(messages[^1].Contents.Add);
    }

    private static Dictionary<string, object?>? ReadArguments(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind != JsonValueKind.Object ? null
                : document.RootElement.EnumerateObject().ToDictionary(property => property.Name, object? (property) => property.Value.Clone());
        }
        catch (JsonException)
        {
            return null; // what a brain wrote as arguments is not always JSON; the tool has already said so
        }
    }
}

/// <summary>What a conversation tells a brain beyond words.</summary>
public static class ConversationMessages
{
    extension(ChatMessage message)
    {
        /// <summary>True of an assistant's message that was cut off: it has only the words that were heard.</summary>
        public bool WasInterrupted
        {
            get => message.AdditionalProperties?.GetValueOrDefault("interrupted") as bool? ?? false;
            set => (message.AdditionalProperties ??= [])["interrupted"] = value;
        }
    }
}
