namespace Parley.Text;

/// <summary>Makes two ways of writing the same words equal before they are compared. An error rate without the name of its normaliser says nothing.</summary>
public interface ITextNormalizer
{
    /// <summary>For the reader of an error rate.</summary>
    string Name { get; }

    /// <returns>Words with single spaces between them.</returns>
    string Normalize(string text);
}
