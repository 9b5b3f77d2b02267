using System.Text.Json.Serialization;

namespace Parley.Server;

/// <summary>OpenAI's error object. All four members are always there.</summary>
/// <param name="Message">For a person: what is wrong, what was found, what is allowed.</param>
/// <param name="Type">OpenAI's class of errors.</param>
/// <param name="Param">The field at fault.</param>
/// <param name="Code">Stable; for programs.</param>
internal sealed record ApiError(string Message, string Type, string? Param, string? Code)
{
    /// <summary>Valid values, limits: facts that a program may want beside the message.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, object>? Detail { get; init; }
}

/// <summary>The body of every error answer.</summary>
internal sealed record ApiErrorBody(ApiError Error);

/// <summary>The body of an error on the routes of older stacks: their own member beside OpenAI's.</summary>
internal sealed record LegacyErrorBody(string Detail, ApiError Error);
