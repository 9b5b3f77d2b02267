using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Parley.Cli.Configuration;

/// <summary>Fills options from what was written, value by value, and reports every value that does not fit.</summary>
internal sealed class SettingBinder(List<Problem> problems)
{
    /// <param name="branch">What was written.</param>
    /// <param name="target">An object of the section's type; what nobody wrote keeps its default.</param>
    public void Bind(SettingBranch branch, object target)
    {
        SectionSchema section = (SectionSchema)branch.Schema;
        foreach ((string name, SettingBranch child) in branch.Children)
        {
            SectionMember member = section.Members[name];
            switch (child.Schema)
            {
                case ValueSchema value:
                    if (TryRead(child, value, out object? read))
                        member.Set(target, read);
                    break;
                case MapSchema map:
                    member.Set(target, BindMap(child, map, member.Get(target)));
                    break;
                case SectionSchema inner:
                    BindSection(child, inner, member, target);
                    break;
            }
        }
    }

    private void BindSection(SettingBranch branch, SectionSchema schema, SectionMember member, object target)
    {
        // A whole optional section is switched on or off by a boolean, or on by a member; the strongest word counts.
        if (branch.Written.Count == 0)
            return; // what stands there is no section, and was refused
        object? section = member.Get(target);
        ConfigurationNode strongest = branch.Written[^1];
        if (strongest.Kind != NodeKind.Object)
        {
            object? isOn = strongest.Kind == NodeKind.Null ? false : ValueReaders.For(typeof(bool), "")!.Read(strongest);
            if (isOn is null)
                problems.Add(new(strongest.Origin, $"\"{branch.Key}\" is a section: true, false, or its settings."));
            if (isOn is not true)
            {
                member.Set(target, null);
                return;
            }
        }
        section ??= Create(schema.Type);
        Bind(branch, section);
        member.Set(target, section);
    }

    private IDictionary BindMap(SettingBranch branch, MapSchema map, object? current)
    {
        IDictionary values = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), map.ValueType))!;
        foreach (DictionaryEntry entry in current as IDictionary ?? values)
            values[entry.Key] = entry.Value;
        foreach ((string name, SettingBranch child) in branch.Children)
        {
            if (child.Schema is ValueSchema value)
            {
                if (TryRead(child, value, out object? read))
                    values[name] = read;
            }
            else
            {
                object section = values[name] ?? Create(map.ValueType);
                Bind(child, section);
                values[name] = section;
            }
        }
        return values;
    }

    private bool TryRead(SettingBranch branch, ValueSchema schema, out object? value)
    {
        value = null;
        bool isGood = false;
        foreach (ConfigurationNode node in branch.Written) // the weaker ones too: a mistake stays a mistake when something covers it
            isGood = TryRead(node, branch.Key, schema, out value);
        return isGood;
    }

    private bool TryRead(ConfigurationNode node, string key, ValueSchema schema, out object? value)
    {
        value = null;
        if (node.Kind == NodeKind.Null && schema.AcceptsNull)
            return true;
        value = schema.Reader.Read(node);
        if (value is null)
        {
            string unit = node.Kind is NodeKind.Number or NodeKind.Word && schema.Reader.Read(node with { Kind = NodeKind.Word, Text = node.Text + "s" }) is TimeSpan
                ? $" The unit is missing: write \"{node.Text}s\"." : "";
            problems.Add(new(node.Origin, $"\"{key}\" must be {schema.Reader.Expected}, found {Describe(node)}.{unit}"));
            return false;
        }
        foreach (ValidationAttribute check in schema.Checks)
        {
            if (IsValid(check, value))
                continue;
            string rule = check is RangeAttribute range ? $"must be from {Limit(range.Minimum, schema)} to {Limit(range.Maximum, schema)}, found {schema.Reader.Show(value)}" : check.FormatErrorMessage("it");
            problems.Add(new(node.Origin, $"\"{key}\" {rule.TrimEnd('.')}."));
            return false;
        }
        return true;
    }

    private static bool IsValid(ValidationAttribute check, object value)
    {
        try
        {
            return check.IsValid(value);
        }
        catch (OverflowException)
        {
            return false; // a range of 32-bit limits on a larger number
        }
    }

    /// <summary>A limit of a range as a user would write it: the attribute has times as text and sizes as numbers.</summary>
    internal static string Limit(object limit, ValueSchema schema) => limit switch
    {
        TimeSpan time => ValueReaders.ShowDuration(time),
        string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan time) => ValueReaders.ShowDuration(time),
        double whole when whole == Math.Truncate(whole) && Math.Abs(whole) < long.MaxValue => schema.Reader.Show((long)whole), // how the attribute keeps 64-bit limits
        int or long => schema.Reader.Show(limit),
        _ => Convert.ToString(limit, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Describe(ConfigurationNode node) => node.Kind switch
    {
        NodeKind.Null => "null",
        NodeKind.List => "a list",
        NodeKind.Object => "an object",
        NodeKind.Text or NodeKind.Word => node.Text.Length <= 60 && !SecretLint.LooksSecret(node.Text) ? $"\"{node.Text}\"" : $"a text of {node.Text.Length} characters",
        _ => node.Text,
    };

    /// <summary>Makes a section with its defaults, also where those are the defaults of a constructor's parameters.</summary>
    internal static object Create(Type type)
    {
        ConstructorInfo constructor = type.GetConstructors().OrderBy(candidate => candidate.GetParameters().Length).First(candidate => candidate.GetParameters().All(parameter => parameter.HasDefaultValue));
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter => parameter.DefaultValue)]);
    }
}
