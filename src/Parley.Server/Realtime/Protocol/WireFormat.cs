using System.Text.Json.Serialization;
using Parley.Audio;

namespace Parley.Server;

/// <summary>How sound is written on the wire.</summary>
internal enum WireFormat
{
    /// <summary>Signed 16 bit little endian, 24 kHz, mono.</summary>
    Pcm,

    /// <summary>G.711 mu-law, 8 kHz.</summary>
    MuLaw,

    /// <summary>G.711 A-law, 8 kHz.</summary>
    ALaw,
}

/// <summary>A format as the session object writes it.</summary>
internal sealed record WireFormatObject(string Type, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Rate);

internal static class WireFormats
{
    public const int PcmRate = 24_000;
    private const int TelephoneRate = 8_000;

    extension(WireFormat format)
    {
        /// <summary>In Hz.</summary>
        public int SampleRate => format == WireFormat.Pcm ? PcmRate : TelephoneRate;

        public int BytesPerSample => format == WireFormat.Pcm ? 2 : 1;

        public WireFormatObject Object => format switch
        {
            WireFormat.Pcm => new("audio/pcm", PcmRate),
            WireFormat.MuLaw => new("audio/pcmu", null),
            _ => new("audio/pcma", null),
        };

        /// <param name="bytes">Whole samples.</param>
        /// <param name="samples">At least as many.</param>
        public void Decode(ReadOnlySpan<byte> bytes, Span<float> samples)
        {
            if (format == WireFormat.Pcm)
                Pcm16.ToFloat(bytes, samples);
            else if (format == WireFormat.MuLaw)
                G711.DecodeMuLaw(bytes, samples);
            else
                G711.DecodeALaw(bytes, samples);
        }

        /// <param name="samples">Any length.</param>
        /// <param name="bytes">As many a sample as the format has.</param>
        public void Encode(ReadOnlySpan<float> samples, Span<byte> bytes)
        {
            if (format == WireFormat.Pcm)
                Pcm16.FromFloat(samples, bytes);
            else if (format == WireFormat.MuLaw)
                G711.EncodeMuLaw(samples, bytes);
            else
                G711.EncodeALaw(samples, bytes);
        }
    }

    /// <exception cref="ApiException">400: not a format that is served.</exception>
    public static WireFormat Read(JsonCursor written, WireFormat current)
    {
        written.Object();
        WireFormat format = !written.TryGet("type", out JsonCursor type) ? current : type.Choice("audio/pcm", "audio/pcmu", "audio/pcma") switch
        {
            "audio/pcm" => WireFormat.Pcm,
            "audio/pcmu" => WireFormat.MuLaw,
            _ => WireFormat.ALaw,
        };
        if (written.TryGet("rate", out JsonCursor rate) && !rate.IsNull)
            rate.Integer(format.SampleRate, format.SampleRate);
        return format;
    }
}
