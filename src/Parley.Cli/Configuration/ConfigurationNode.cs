namespace Parley.Cli.Configuration;

/// <summary>What kind of value a source wrote.</summary>
internal enum NodeKind
{
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,

    /// <summary>A bare word from a variable or flag: the setting's type decides how it is read.</summary>
    Word,
}

/// <summary>A value as it was written, with its place. What it means is for the schema to say.</summary>
internal sealed record ConfigurationNode(NodeKind Kind, Origin Origin)
{
    /// <summary>The characters of a text, number, boolean or word.</summary>
    public string Text { get; init; } = "";

    /// <summary>The items of a list.</summary>
    public IReadOnlyList<ConfigurationNode> Items { get; init; } = [];

    /// <summary>The members of an object, in the order written. No two have one name.</summary>
    public IReadOnlyList<ConfigurationMember> Members { get; init; } = [];
}

/// <param name="Name">The key.</param>
/// <param name="Origin">Where the key is written.</param>
/// <param name="Value">What follows it.</param>
internal sealed record ConfigurationMember(string Name, Origin Origin, ConfigurationNode Value);
