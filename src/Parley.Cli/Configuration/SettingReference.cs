using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Xml.Linq;

namespace Parley.Cli.Configuration;

/// <summary>Every setting that there is, as a Markdown table, with the words of the options' own docstrings.</summary>
internal static class SettingReference
{
    public static string Markdown()
    {
        StringBuilder text = new("| setting | type | default | meaning |\n| --- | --- | --- | --- |\n");
        Dictionary<string, string> summaries = [];
        foreach (Assembly assembly in new[] { typeof(ParleyOptions), typeof(Server.ServerOptions), typeof(Engines.EngineOptions), typeof(Agent.ConversationOptions) }.Select(type => type.Assembly))
            ReadSummaries(Path.ChangeExtension(assembly.Location, ".xml"), summaries);
        Append(text, SettingSchema.Of(typeof(ParleyOptions)), new ParleyOptions(), "", summaries);
        return text.ToString();
    }

    private static void Append(StringBuilder text, SectionSchema section, object defaults, string key, Dictionary<string, string> summaries)
    {
        foreach ((string name, SectionMember member) in section.Members)
        {
            string full = key.Length == 0 ? name : $"{key}.{name}";
            string summary = summaries.GetValueOrDefault($"P:{member.Property.DeclaringType!.FullName}.{member.Property.Name}", "");
            object? value = member.Get(defaults);
            switch (member.Schema)
            {
                case ValueSchema schema:
                    string shown = value is null || schema.Reader.Show(value) is not { Length: > 0 } written ? "" : $"`{written}`";
                    AppendRow(text, full, Type(schema), shown, summary);
                    break;
                case SectionSchema { IsOptional: true } optional:
                    AppendRow(text, full, "true, or a section", "", summary);
                    Append(text, optional, SettingBinder.Create(optional.Type), full, summaries);
                    break;
                case SectionSchema inner:
                    Append(text, inner, value!, full, summaries);
                    break;
                case MapSchema { Value: SectionSchema each } map:
                    Append(text, each, SettingBinder.Create(map.ValueType), $"{full}.NAME", summaries);
                    break;
                case MapSchema { Value: ValueSchema each }:
                    AppendRow(text, $"{full}.NAME", Type(each), "", summary);
                    break;
            }
        }
    }

    private static void AppendRow(StringBuilder text, string key, string type, string value, string summary) =>
        text.Append(CultureInfo.InvariantCulture, $"| `{key}` | {type} | {value} | {summary.Replace("|", "\\|", StringComparison.Ordinal)} |\n");

    private static string Type(ValueSchema schema)
    {
        string type = schema.Checks.OfType<AllowedValuesAttribute>().FirstOrDefault() is { } allowed
            ? $"one of {string.Join(", ", allowed.Values.Select(value => schema.Reader.Show(value!)))}" : schema.Reader.Expected.Split(", such as")[0];
        return schema.Checks.OfType<RangeAttribute>().FirstOrDefault() is { } range
            ? $"{type}, {SettingBinder.Limit(range.Minimum, schema)} to {SettingBinder.Limit(range.Maximum, schema)}" : type;
    }

    private static void ReadSummaries(string path, Dictionary<string, string> summaries)
    {
        if (!File.Exists(path))
            return;
        foreach (XElement member in XDocument.Load(path).Descendants("member"))
        {
            if ((string?)member.Attribute("name") is { } name && (member.Element("summary") ?? member.Element("param")) is { } summary)
                summaries[name] = Plain(summary);
            // The properties of a positional record are described as its parameters.
            if ((string?)member.Attribute("name") is ['T', ':', .. string type])
            {
                foreach (XElement parameter in member.Elements("param"))
                    summaries.TryAdd($"P:{type}.{(string?)parameter.Attribute("name")}", Plain(parameter));
            }
        }
    }

    private static string Plain(XElement element)
    {
        StringBuilder text = new();
        foreach (XNode node in element.Nodes())
        {
            text.Append(node switch
            {
                XText words => words.Value,
                XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
                XElement reference when (string?)reference.Attribute("cref") is { } cref => $"`{Key(cref)}`",
                XElement reference when (string?)reference.Attribute("langword") is { } word => $"`{word}`",
                XElement other => other.Value,
                _ => "",
            });
        }
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>A reference to another setting's property, as users write it.</summary>
    private static string Key(string cref)
    {
        string[] parts = cref[2..].Split('.');
        string section = parts[^2].Replace("Options", "", StringComparison.Ordinal);
        return $"{SettingName.Of(section)}.{SettingName.Of(parts[^1])}";
    }
}
