using System.Globalization;

namespace Parley.Agent;

/// <summary>Obeys what the caller's side asks, or says why not.</summary>
internal sealed class CommandDesk(ConversationContext context, Listener listener, Responder responder)
{
    private const int MaxIdLength = 128;

    public void Obey(ConversationCommand command)
    {
        switch (command)
        {
            case CommitInput:
                if (!listener.Commit())
                    Refuse(command, RefusalCodes.InputEmpty, "There is no speech to commit: the buffer is empty. Append sound first.", null);
                break;
            case ClearInput:
                listener.Clear();
                break;
            case InsertItem insert:
                Insert(insert);
                break;
            case RetrieveItem retrieve:
                if (Find(command, retrieve.ItemId) is { } wanted)
                    context.Emit(new ItemRetrieved(WithSound(wanted)));
                break;
            case DeleteItem delete:
                if (Find(command, delete.ItemId) is { } unwanted)
                {
                    context.History.Remove(unwanted);
                    context.Emit(new ItemDeleted(delete.ItemId));
                    responder.BeginAwaiting();
                }
                break;
            case TruncateItem truncate:
                Truncate(truncate);
                break;
            case CreateResponse create:
                Create(command, create.Options ?? new ResponseOptions(), null);
                break;
            case Say say:
                if (string.IsNullOrWhiteSpace(say.Text))
                    Refuse(command, RefusalCodes.InvalidValue, "There is nothing to say: the text is empty.", nameof(Say.Text));
                else
                    Create(command, say.Options ?? new ResponseOptions(), say.Text);
                break;
            case CancelResponse cancel:
                if (!responder.Cancel(cancel.ResponseId))
                    Refuse(command, RefusalCodes.NoActiveResponse, cancel.ResponseId is null ? "There is no active response to cancel." : $"The response '{cancel.ResponseId}' is not active.", cancel.ResponseId is null ? null : nameof(CancelResponse.ResponseId));
                break;
            case ClearOutput:
                responder.ClearOutput();
                break;
            case UpdateSettings update:
                Update(update);
                break;
            case ReportPlayback report:
                responder.Report(report.ItemId, report.Position, report.State); // one that comes after the end of its message says nothing new
                break;
            default:
                throw new System.Diagnostics.UnreachableException(command.ToString());
        }
    }

    private void Update(UpdateSettings update)
    {
        bool hasProblem = false;
        foreach ((string field, string problem) in update.Settings.Problems())
        {
            Refuse(update, RefusalCodes.InvalidValue, problem, field);
            hasProblem = true;
        }
        if (hasProblem)
            return;
        ConversationSettings before = context.Settings;
        context.Settings = update.Settings;
        if (update.Settings.Language != before.Language)
            context.Language = update.Settings.Language;
        responder.DropSpeculation(); // it was begun on other settings
        listener.Reconfigure(before.TurnDetection);
        context.Emit(new SettingsChanged(update.Settings));
    }

    private void Insert(InsertItem insert)
    {
        ConversationItem item = insert.Item;
        if (item.Id.Length == 0)
            item = item with { Id = ConversationContext.NewId("item_") };
        if (item.Id.Length > MaxIdLength)
        {
            Refuse(insert, RefusalCodes.InvalidValue, $"An id has at most {MaxIdLength} characters, not {item.Id.Length}.", "Item.Id");
            return;
        }
        if (context.History.Find(item.Id) is not null)
        {
            Refuse(insert, RefusalCodes.ItemExists, $"There is an item '{item.Id}' already.", "Item.Id");
            return;
        }
        if (Problem(item) is { } problem)
        {
            Refuse(insert, RefusalCodes.InvalidValue, problem.Text, problem.Field);
            return;
        }
        int at = context.History.Entries.Count;
        if (insert.PreviousItemId == InsertItem.Start)
            at = 0;
        else if (insert.PreviousItemId is { } previous)
        {
            if (context.History.Find(previous) is not { } before)
            {
                Refuse(insert, RefusalCodes.ItemNotFound, $"There is no item '{previous}'.", nameof(InsertItem.PreviousItemId));
                return;
            }
            at = context.History.IndexOf(before) + 1;
        }
        AudioPart? spoken = (item as MessageItem)?.Content.OfType<AudioPart>().FirstOrDefault(part => part.Sound is not null);
        ConversationItem kept = item is MessageItem message ? message with { Content = [.. message.Content.Select(part => part is AudioPart sound ? sound with { Sound = null } : part)] } : item;
        HistoryEntry entry = new(kept) { Sound = spoken?.Sound };
        context.History.InsertAt(at, entry);
        context.History.TrimSound();
        string? beforeIt = context.History.Before(entry);
        responder.DropSpeculation(); // it does not know of it
        context.Emit(new ItemAdded(kept, beforeIt));
        context.Emit(new ItemDone(kept, beforeIt));
        if (spoken is { Transcript: null, Sound: { } heard })
            listener.TranscribeItem(entry, heard);
    }

    private (string Text, string Field)? Problem(ConversationItem item) => item switch
    {
        ItemReference => ("A reference is no item: give the item itself.", "Item"),
        MessageItem { Content.Count: 0 } => ("A message needs at least one part.", "Item.Content"),
        MessageItem { Role: MessageRole.Assistant } message when message.Content.Any(part => part is not TextPart) => ("What the assistant said can only be given as text.", "Item.Content"),
        FunctionOutputItem output when !context.History.Entries.Any(entry => entry.Item is FunctionCallItem call && call.CallId == output.CallId) =>
            ($"There is no call '{output.CallId}' that this could be the output of.", "Item.CallId"),
        _ => null,
    };

    private void Truncate(TruncateItem truncate)
    {
        if (Find(truncate, truncate.ItemId) is not { } entry)
            return;
        if (entry is not { Spoken: { } spoken })
            Refuse(truncate, RefusalCodes.InvalidValue, $"The item '{truncate.ItemId}' is no spoken message of the assistant.", nameof(TruncateItem.ItemId));
        else if (truncate.ContentIndex != 0)
            Refuse(truncate, RefusalCodes.InvalidValue, string.Create(CultureInfo.InvariantCulture, $"The item has one part, 0, and no part {truncate.ContentIndex}."), nameof(TruncateItem.ContentIndex));
        else if (truncate.AudioEnd < TimeSpan.Zero)
            Refuse(truncate, RefusalCodes.InvalidValue, "Sound cannot end before it begins.", nameof(TruncateItem.AudioEnd));
        else if (responder.Truncate(entry, spoken, truncate.AudioEnd) is { } problem)
            Refuse(truncate, RefusalCodes.InvalidValue, problem, nameof(TruncateItem.AudioEnd));
    }

    private void Create(ConversationCommand command, ResponseOptions options, string? script)
    {
        if (options.MaxOutputTokens is { } tokens and < 1)
        {
            Refuse(command, RefusalCodes.InvalidValue, string.Create(CultureInfo.InvariantCulture, $"{tokens} is less than 1."), nameof(ResponseOptions.MaxOutputTokens));
            return;
        }
        foreach (ConversationItem item in options.Input ?? [])
        {
            if (item is ItemReference && context.History.Find(item.Id) is null)
            {
                Refuse(command, RefusalCodes.ItemNotFound, $"There is no item '{item.Id}'.", nameof(ResponseOptions.Input));
                return;
            }
        }
        if (!responder.TryCreate(options, script))
            Refuse(command, RefusalCodes.ResponseActive, "A response is active already. Wait for its end or cancel it, or ask for one out of band.", null);
    }

    private HistoryEntry? Find(ConversationCommand command, string id)
    {
        if (context.History.Find(id) is { } entry)
            return entry;
        Refuse(command, RefusalCodes.ItemNotFound, $"There is no item '{id}'.", "ItemId");
        return null;
    }

    private static ConversationItem WithSound(HistoryEntry entry) =>
        entry is { Item: MessageItem message, Sound: { } sound }
            ? message with { Content = [.. message.Content.Select(part => part is AudioPart spoken ? spoken with { Sound = sound } : part)] }
            : entry.Item;

    private void Refuse(ConversationCommand command, string code, string problem, string? field) =>
        context.Emit(new CommandRefused(code, problem, field, command.CommandId));
}
