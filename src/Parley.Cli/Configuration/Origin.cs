namespace Parley.Cli.Configuration;

/// <summary>Where a value was written, from weak to strong: a stronger source wins.</summary>
internal enum SourceKind
{
    Default,
    File,
    EnvironmentFile,
    Environment,
    Flag,
}

/// <summary>The place a value or an error comes from.</summary>
/// <param name="Kind">The kind of source.</param>
/// <param name="Name">Path of the file, name of the variable, or the flag.</param>
/// <param name="Line">Counted from 1; 0 where there are no lines.</param>
/// <param name="Column">In bytes, counted from 1; 0 where there are no lines.</param>
internal sealed record Origin(SourceKind Kind, string Name, int Line = 0, int Column = 0)
{
    public static Origin Default { get; } = new(SourceKind.Default, "");

    /// <summary><c>default</c>, <c>file:PATH:LINE</c>, <c>envfile:PATH:LINE</c>, <c>env:NAME</c> or <c>flag:--NAME</c>.</summary>
    public override string ToString() => Kind switch
    {
        SourceKind.Default => "default",
        SourceKind.File => $"file:{Name}:{Line}",
        SourceKind.EnvironmentFile => $"envfile:{Name}:{Line}",
        SourceKind.Environment => $"env:{Name}",
        _ => $"flag:{Name}",
    };

    /// <summary>As compilers write a place, for the front of an error: <c>PATH:LINE:COLUMN</c>, or the name of the variable or flag.</summary>
    public string Place => Line == 0 ? Name : Column == 0 ? $"{Name}:{Line}" : $"{Name}:{Line}:{Column}";
}
