using System.Globalization;
using System.Net;
using System.Text;

namespace Parley.Trials.Extraction;

/// <summary>A page that plays the clips of an extraction, for the person who chooses among them.</summary>
internal static class ClipPage
{
    public static string Write(IReadOnlyList<ReferenceClip> clips)
    {
        StringBuilder page = new("""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Reference clips</title>
            <style>body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem .4rem 0;border-bottom:1px solid #ccc;vertical-align:top}audio{height:2rem;width:14rem}</style>
            </head><body><h1>Reference clips</h1><p>Best first. Listen for a single voice without music, noise or reverberation.</p><table><thead><tr><th>clip</th><th>speaker</th><th>text</th><th>likeness</th><th>s</th><th>F0, Hz</th></tr></thead><tbody>
            """);
        foreach (ReferenceClip clip in clips)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(clip.Clip)}<br><audio controls preload=\"none\" src=\"{Text(clip.Clip)}\"></audio></td><td>{Text(clip.Speaker ?? "")}</td><td>{Text(clip.Text)}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td>{clip.Similarity:0.000}</td><td>{clip.DurationS:0.0}</td><td>{clip.MedianF0Hz:0}</td></tr>\n");
        }
        return page.Append("</tbody></table></body></html>\n").ToString();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
