namespace Parley.Trials.Plans;

/// <summary>Ten texts that find what voices stumble over: figures, names, lists, clusters, affect. English.</summary>
internal static class StandardUtterances
{
    public static IReadOnlyList<Utterance> English { get; } =
    [
        new("u01", "Sure, I can do that right now."),
        new("u02", "Would you like me to read the whole message, or only the last part?"),
        new("u03", "Your total comes to 1,284 dollars and 60 cents, due on the 3rd of March."),
        new("u04", "Dr. Alvarez moved the 9:45 a.m. call to Room 12B on St. James Street."),
        new("u05", "Please bring a passport, two recent photos, a pen, and something warm to wear."),
        new("u06", "I'm really sorry, that must have been a very long and difficult night."),
        new("u07", "When the rain finally stopped, the two of them walked back along the river, talking about nothing in particular, until the lights of the old ferry came into view and neither of them could think of a single reason to hurry."),
        new("u08", "Siobhan and Juergen will meet Xiomara at the Cafe Mueller near Piazza Navona."),
        new("u09", "She reads thick sixth-grade theses; the sphinx's strength lies in its width."),
        new("u10", "The code is B as in Bravo, seven, seven, X-ray, zero, four."),
    ];
}
