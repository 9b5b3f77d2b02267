using System.Text;

namespace Parley.Graphs.Tests;

/// <summary>Writes safetensors bytes for tests, right or wrong as the header says.</summary>
internal static class SafetensorsText
{
    public static byte[] File(string header, int dataBytes) => File(header, [.. Enumerable.Range(0, dataBytes).Select(i => (byte)(i + 1))]);

    public static byte[] File(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data];
    }

    /// <summary>A file of f32 tensors.</summary>
    public static byte[] Of(params (string Name, int[] Shape, float[] Values)[] tensors)
    {
        StringBuilder header = new("{");
        List<byte> data = [];
        foreach ((string name, int[] shape, float[] values) in tensors)
        {
            int begin = data.Count;
            foreach (float value in values)
                data.AddRange(BitConverter.GetBytes(value));
            header.Append(header.Length > 1 ? "," : "")
                .Append(System.Globalization.CultureInfo.InvariantCulture, $"\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{begin},{data.Count}]}}");
        }
        return File(header.Append('}').ToString(), [.. data]);
    }
}
