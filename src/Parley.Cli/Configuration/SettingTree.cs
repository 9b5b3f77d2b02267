namespace Parley.Cli.Configuration;

/// <summary>Everything that all sources wrote, laid over the schema: for each setting its values from weak to strong.</summary>
internal sealed class SettingTree
{
    private readonly List<Problem> problems;
    private readonly SectionSchema rootSchema;

    public SettingTree(SectionSchema schema, List<Problem> problems)
    {
        rootSchema = schema;
        Root = new(schema, "");
        this.problems = problems;
    }

    public SettingBranch Root { get; }

    /// <summary>Lays the next stronger source on top. What the schema does not know becomes a problem that names the nearest setting.</summary>
    public void Add(ConfigurationNode source) => Add(source, Root);

    private void Add(ConfigurationNode node, SettingBranch branch)
    {
        switch (branch.Schema)
        {
            case ValueSchema:
                branch.Written.Add(node);
                break;
            case SectionSchema { IsOptional: true } when node.Kind is NodeKind.Boolean or NodeKind.Word or NodeKind.Null:
                branch.Written.Add(node);
                break;
            case SectionSchema section when node.Kind == NodeKind.Object:
                branch.Written.Add(node);
                foreach (ConfigurationMember member in node.Members)
                {
                    if (section.Members.TryGetValue(member.Name, out SectionMember? known))
                        Add(member.Value, branch.Child(member.Name, known.Schema));
                    else
                        problems.Add(new(member.Origin, UnknownSetting.Describe(branch.Key, member.Name, section, rootSchema)));
                }
                break;
            case MapSchema map when node.Kind == NodeKind.Object:
                foreach (ConfigurationMember member in node.Members)
                {
                    if (string.IsNullOrWhiteSpace(member.Name))
                        problems.Add(new(member.Origin, $"a name in \"{branch.Key}\" is empty."));
                    else
                        Add(member.Value, branch.Child(member.Name, map.Value));
                }
                break;
            default:
                problems.Add(new(node.Origin, $"\"{branch.Key}\" is a section: its settings go between braces, or are named one by one ({branch.Key}.NAME)."));
                break;
        }
    }
}

/// <param name="Schema">What may stand here.</param>
/// <param name="Key">The full key, with dots; empty at the root.</param>
internal sealed record SettingBranch(SettingSchema Schema, string Key)
{
    /// <summary>What was written for this very key, from weak to strong.</summary>
    public List<ConfigurationNode> Written { get; } = [];

    public Dictionary<string, SettingBranch> Children { get; } = new(StringComparer.Ordinal);

    public SettingBranch Child(string name, SettingSchema schema)
    {
        if (!Children.TryGetValue(name, out SettingBranch? child))
            Children.Add(name, child = new(schema, Key.Length == 0 ? name : $"{Key}.{name}"));
        return child;
    }
}
