namespace Parley.Graphs;

/// <summary>How weights lie in panels; the kernels are compiled once for every format.</summary>
internal interface IPanelFormat
{
    static abstract int Bits { get; }

    static abstract int BlockSize { get; }

    static abstract bool HasZeroPoints { get; }
}

/// <summary>As <see cref="Precision.Q8"/>.</summary>
internal readonly struct Panels8 : IPanelFormat
{
    public static int Bits => 8;

    public static int BlockSize => 128;

    public static bool HasZeroPoints => false;
}

/// <summary>As <see cref="Precision.Q8Fine"/>.</summary>
internal readonly struct Panels8Fine : IPanelFormat
{
    public static int Bits => 8;

    public static int BlockSize => 32;

    public static bool HasZeroPoints => false;
}

/// <summary>As <see cref="Precision.Q4"/>.</summary>
internal readonly struct Panels4 : IPanelFormat
{
    public static int Bits => 4;

    public static int BlockSize => 64;

    public static bool HasZeroPoints => true;
}

/// <summary>As <see cref="Precision.Q4Fast"/>.</summary>
internal readonly struct Panels4Fast : IPanelFormat
{
    public static int Bits => 4;

    public static int BlockSize => 128;

    public static bool HasZeroPoints => false;
}
