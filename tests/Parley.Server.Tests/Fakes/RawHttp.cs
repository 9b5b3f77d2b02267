using System.Net.Sockets;
using System.Text;

namespace Parley.Server.Tests;

/// <summary>HTTP by hand, for what no proper client sends.</summary>
internal static class RawHttp
{
    /// <summary>Sends the bytes and reads until the server closes: ask it to (<c>Connection: close</c>), or send what makes it.</summary>
    public static async Task<string> ExchangeAsync(Uri address, string request)
    {
        using TcpClient client = new();
        await client.ConnectAsync(address.Host, address.Port);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using MemoryStream answer = new();
        await stream.CopyToAsync(answer);
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    public static async Task<long> CountAsync(Stream body)
    {
        byte[] portion = new byte[8192];
        long count = 0;
        while (await body.ReadAsync(portion) is > 0 and int read)
            count += read;
        return count;
    }
}
