using System.Text.Json;
using Parley.Audio;
using Parley.Graphs;

namespace Parley.Models.Parity;

/// <summary>An opened golden case: <c>case.json</c> and <c>expected.safetensors</c>.</summary>
public sealed class Golden : IDisposable
{
    private readonly JsonDocument document;
    private readonly Checkpoint expected;

    /// <exception cref="FileNotFoundException">The folder has no case.json.</exception>
    /// <exception cref="CheckpointException">expected.safetensors is missing or damaged.</exception>
    public Golden(string folder)
    {
        Folder = folder;
        document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        expected = Checkpoint.Open(Path.Combine(folder, "expected.safetensors"));
    }

    public string Folder { get; }

    /// <summary>What case.json says.</summary>
    public JsonElement Case => document.RootElement;

    public bool Has(string name) => expected.Contains(name);

    /// <summary>The tensors under a prefix, by what follows it.</summary>
    public IEnumerable<string> NamesUnder(string prefix) => expected.Under(prefix).Names;

    /// <summary>A tensor's values in row-major order.</summary>
    public float[] F32(string name) => expected.Tensor(name).ReadF32();

    /// <summary>One of a tensor's sizes.</summary>
    public int Size(string name, int dimension) => checked((int)expected.Tensor(name).Shape[dimension]);

    /// <summary>A stored signal of 16-bit samples, as floats.</summary>
    public float[] Samples16(string name) => [.. expected.Tensor(name).ReadI64().Select(sample => sample / 32768f)];

    /// <summary>A WAV file of the case, channels averaged.</summary>
    public AudioBuffer Wav(string name) => WavReader.Read(Path.Combine(Folder, name));

    /// <summary>The clip of John F. Kennedy that several families use: <c>audio/third-party/jfk.wav</c> beside the family.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public AudioBuffer Jfk() => Jfk(Folder);

    /// <inheritdoc cref="Jfk()"/>
    /// <param name="case">The folder of a case.</param>
    public static AudioBuffer Jfk(string @case)
    {
        for (DirectoryInfo? folder = new(@case); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, "audio", "third-party", "jfk.wav");
            if (File.Exists(path))
                return WavReader.Read(path);
        }
        throw new FileNotFoundException($"{@case} needs audio/third-party/jfk.wav beside its family.");
    }

    /// <summary>[rows, columns] to [columns, rows].</summary>
    public static float[] Transpose(ReadOnlySpan<float> matrix, int rows)
    {
        int columns = matrix.Length / rows;
        float[] result = new float[matrix.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
                result[column * rows + row] = matrix[row * columns + column];
        }
        return result;
    }

    /// <summary>Every <paramref name="every"/>-th column of [rows, columns], <paramref name="count"/> of them from <paramref name="first"/> on.</summary>
    public static float[] Columns(ReadOnlySpan<float> matrix, int rows, int first, int every, int count)
    {
        int columns = matrix.Length / rows;
        float[] result = new float[rows * count];
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < count; i++)
                result[row * count + i] = matrix[row * columns + first + i * every];
        }
        return result;
    }

    public void Dispose()
    {
        document.Dispose();
        expected.Dispose();
    }
}
