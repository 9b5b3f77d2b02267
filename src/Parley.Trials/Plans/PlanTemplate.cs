using System.Globalization;

namespace Parley.Trials.Plans;

/// <summary>The commented plan that a new trial starts from; it runs as it stands.</summary>
public static class PlanTemplate
{
    /// <param name="name">The trial's.</param>
    /// <param name="seed">Of its shuffles.</param>
    public static string Write(string name, int seed)
    {
        using Stream stream = typeof(PlanTemplate).Assembly.GetManifestResourceStream(typeof(PlanTemplate), "plan.yaml")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd().Replace("{name}", name, StringComparison.Ordinal).Replace("{seed}", seed.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }
}
