using System.Globalization;
using System.Net;
using System.Text;

namespace Parley.Trials.Extraction;

/// <summary>
/// A page that plays the clips of an extraction for the person who chooses among them, and saves the choice: a list that
/// <see cref="ConfirmedClips"/> reads, or the command that adds the clips. It lies beside the clips and needs no server.
/// </summary>
public static class ClipPage
{
    private const string Head = """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>Reference clips</title>
        <style>
        :root { color-scheme: light dark; --paper: light-dark(#f5f7f8, #0d141a); --raised: light-dark(#fff, #151e26); --rule: light-dark(#d3dae0, #26323c); --edge: light-dark(#75828d, #73818d); --ink: light-dark(#12222e, #e9eef2); --soft: light-dark(#4c5b67, #a2afba); --mark: light-dark(#1454c0, #82b6ff); --wash: light-dark(#dfe9fb, #142a4a); }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 62rem; margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 12rem; }
        h1 { margin: 0; font: 400 2.25rem/1.15 Georgia, serif; letter-spacing: -0.015em; }
        p { max-width: 64ch; color: var(--soft); }
        ol { list-style: none; margin: 1.5rem 0 0; padding: 0; border-top: 1px solid var(--rule); }
        li { display: grid; grid-template-columns: auto minmax(0, 1fr) 18rem; gap: 0.25rem 1.25rem; align-items: center; padding: 0.9rem 0.75rem; border-bottom: 1px solid var(--rule); }
        li:has(:checked) { background: var(--wash); }
        li input { width: 1.5rem; height: 1.5rem; margin: 0; accent-color: var(--mark); }
        .said { margin: 0; color: var(--ink); font: 400 1.1875rem/1.4 Georgia, serif; overflow-wrap: anywhere; }
        .facts { margin: 0.15rem 0 0; font-size: 0.8125rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        .facts b { color: var(--ink); font-weight: 600; }
        audio { width: 100%; height: 2.5rem; }
        footer { position: fixed; inset: auto 0 0; background: var(--raised); border-top: 1px solid var(--rule); padding: 0.9rem clamp(1rem, 4vw, 3rem) max(0.9rem, env(safe-area-inset-bottom)); }
        footer > div { max-width: 56rem; margin: 0 auto; display: flex; flex-wrap: wrap; gap: 0.6rem 1rem; align-items: center; }
        code { flex: 1 1 20rem; max-height: 5.5rem; overflow: auto; padding: 0.5rem 0.7rem; border: 1px solid var(--rule); border-radius: 8px; background: var(--paper); font: 0.8125rem/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
        button { min-height: 2.75rem; padding: 0.4rem 1.2rem; border: 1px solid var(--edge); border-radius: 999px; background: none; color: inherit; font: inherit; cursor: pointer; }
        button:disabled { opacity: 0.5; cursor: default; }
        output { flex: 1 0 100%; color: var(--soft); font-size: 0.8125rem; }
        :focus-visible { outline: 2.5px solid var(--ink); outline-offset: 3px; border-radius: 4px; }
        @media (max-width: 720px) { li { grid-template-columns: auto minmax(0, 1fr); } li audio { grid-column: 1 / -1; } }
        </style></head>
        <body><main><h1>Reference clips</h1>
        <p>Best first. Tick the clips in which one voice speaks alone, evenly, without music, noise or reverberation; two or three are enough. The ticked ones become a voice by the command below, or by the list that you can save into this folder.</p>
        <ol>
        """;

    private const string Foot = """
        </ol></main>
        <footer><div><output id="count" aria-live="polite">No clip is ticked.</output><code id="command" tabindex="0"></code><button type="button" id="copy" disabled>Copy the command</button><button type="button" id="save" disabled>Save the list</button></div></footer>
        <script>
        const boxes = [...document.querySelectorAll("input")];
        const ticked = () => boxes.filter(box => box.checked);
        const folder = location.protocol === "file:" ? decodeURIComponent(location.pathname).replace(/[^/]*$/, "") : "";
        const quote = text => /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
        function show() {
          const count = ticked().length;
          document.getElementById("count").textContent = count === 0 ? "No clip is ticked." : count === 1 ? "1 clip is ticked." : `${count} clips are ticked.`;
          document.getElementById("command").textContent = count === 0 ? "parley voices add CLIP … --name NAME --consent \"…\""
            : `parley voices add ${ticked().map(box => quote(folder + box.value)).join(" ")} --name NAME --consent "Who agreed, when, to what."`;
          for (const id of ["copy", "save"]) document.getElementById(id).disabled = count === 0;
        }
        document.addEventListener("change", show);
        document.addEventListener("play", ({ target }) => { for (const audio of document.querySelectorAll("audio")) if (audio !== target) audio.pause(); }, true);
        document.getElementById("copy").addEventListener("click", async () => {
          try {
            await navigator.clipboard.writeText(document.getElementById("command").textContent);
            document.getElementById("count").textContent = "Copied.";
          } catch {
            getSelection().selectAllChildren(document.getElementById("command"));
            document.getElementById("count").textContent = "Selected: copy it with the keyboard.";
          }
        });
        document.getElementById("save").addEventListener("click", () => {
          const list = { schema: 1, confirmed_utc: new Date().toISOString(), clips: ticked().map(box => ({ clip: box.value, sha256: box.dataset.sha256 })) };
          const link = document.createElement("a");
          link.href = URL.createObjectURL(new Blob([JSON.stringify(list, null, 2) + "\n"], { type: "application/json" }));
          link.download = "confirmed.json";
          link.click();
          document.getElementById("count").textContent = `Saved as confirmed.json: parley voices add confirmed.json --clips ${quote(folder || "FOLDER")} --name NAME --consent "…"`;
        });
        show();
        </script></body></html>

        """;

    /// <param name="clips">Best first; their files lie beside the page.</param>
    public static string Write(IReadOnlyList<ReferenceClip> clips)
    {
        StringBuilder page = new(Head);
        page.Append('\n');
        foreach ((int i, ReferenceClip clip) in clips.Index())
        {
            string speaker = clip.Speaker is { Length: > 0 } name ? $"<b>{Text(name)}</b> · " : "";
            page.Append(CultureInfo.InvariantCulture, $"<li><input type=\"checkbox\" id=\"clip{i}\" value=\"{Text(clip.Clip)}\" data-sha256=\"{Text(clip.Sha256)}\" aria-describedby=\"facts{i}\">")
                .Append(CultureInfo.InvariantCulture, $"<div><label for=\"clip{i}\" class=\"said\">{Text(clip.Text)}</label><p class=\"facts\" id=\"facts{i}\">{speaker}likeness <b>{clip.Similarity:0.000}</b> · {clip.DurationS:0.0} s · {clip.MedianF0Hz:0} Hz · {clip.LufsI:0.0} LUFS · {Text(clip.Clip)}</p></div>")
                .Append(CultureInfo.InvariantCulture, $"<audio controls preload=\"none\" src=\"{Text(Uri.EscapeDataString(clip.Clip))}\" aria-label=\"Clip {i + 1}\"></audio></li>\n");
        }
        return page.Append(Foot).ToString();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
