using Parley.Agent;

namespace Parley.Server;

// What a client asks becomes a command of the conversation at once; these two need the session's settings first.

/// <param name="Session">What is to change; checked against what is in force.</param>
internal sealed record UpdateSession(JsonCursor Session) : ConversationCommand;

/// <param name="Response">What this one response does otherwise; <see langword="null"/> for nothing.</param>
internal sealed record RequestResponse(JsonCursor? Response) : ConversationCommand;
