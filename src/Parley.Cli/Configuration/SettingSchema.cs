using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Parley.Cli.Configuration;

/// <summary>What may stand at one place of a configuration. Made from the options types, which are the one home of names, types, ranges and defaults.</summary>
internal abstract record SettingSchema
{
    /// <summary>The schema of an options type: its public settable properties, as deep as they go.</summary>
    public static SectionSchema Of(Type type)
    {
        Dictionary<string, SectionMember> members = new(StringComparer.Ordinal);
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (!property.CanWrite || property.GetIndexParameters().Length > 0)
                continue;
            if (property.IsDefined(typeof(InlineSectionAttribute)))
            {
                foreach ((string name, SectionMember member) in Of(property.PropertyType).Members)
                    members.Add(name, member with { Path = [property, .. member.Path] });
            }
            else
                members.Add(SettingName.Of(property.Name), new([property], Of(property)));
        }
        return new(type, members);
    }

    private static SettingSchema Of(PropertyInfo property)
    {
        if (ValueReaders.For(property.PropertyType, property.Name) is { } reader)
            return new ValueSchema(reader, [.. property.GetCustomAttributes<ValidationAttribute>()], AcceptsNull(property));
        if (MapValue(property.PropertyType) is { } value)
        {
            return ValueReaders.For(value, property.Name) is { } valueReader
                ? new MapSchema(value, new ValueSchema(valueReader, [], AcceptsNull: false))
                : new MapSchema(value, Of(value));
        }
        return Of(property.PropertyType) with { IsOptional = AcceptsNull(property) };
    }

    private static Type? MapValue(Type type) =>
        type.IsGenericType && type.GetGenericArguments() is [Type key, Type value] && key == typeof(string)
            && type.IsAssignableFrom(typeof(Dictionary<,>).MakeGenericType(key, value)) ? value : null;

    private static bool AcceptsNull(PropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null
        || !property.PropertyType.IsValueType && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
}

/// <summary>One value.</summary>
/// <param name="Reader">How it is written.</param>
/// <param name="Checks">The ranges and other rules its property states.</param>
/// <param name="AcceptsNull">True if it may be unset.</param>
internal sealed record ValueSchema(ValueReader Reader, IReadOnlyList<ValidationAttribute> Checks, bool AcceptsNull) : SettingSchema;

/// <summary>Settings under names that the house fixed.</summary>
/// <param name="Type">The options type.</param>
/// <param name="Members">By name in the file.</param>
internal sealed record SectionSchema(Type Type, IReadOnlyDictionary<string, SectionMember> Members) : SettingSchema
{
    /// <summary>True if the whole section may be absent; then <c>true</c> in its place means all its defaults.</summary>
    public bool IsOptional { get; init; }
}

/// <param name="Path">The property that holds the value, behind the inlined sections that hold it.</param>
/// <param name="Schema">What it may be.</param>
internal sealed record SectionMember(IReadOnlyList<PropertyInfo> Path, SettingSchema Schema)
{
    public PropertyInfo Property => Path[^1];

    public object? Get(object section) => Property.GetValue(Owner(section));

    public void Set(object section, object? value) => Property.SetValue(Owner(section), value);

    private object Owner(object section)
    {
        for (int i = 0; i < Path.Count - 1; i++)
            section = Path[i].GetValue(section) ?? throw new InvalidOperationException($"{Path[i].Name} must not be null.");
        return section;
    }
}

/// <summary>The members of the property's type stand in the file beside the property's siblings, not one level deeper.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class InlineSectionAttribute : Attribute;

/// <summary>Settings under names that the user chooses.</summary>
/// <param name="ValueType">The .NET type of each.</param>
/// <param name="Value">What each may be.</param>
internal sealed record MapSchema(Type ValueType, SettingSchema Value) : SettingSchema;
