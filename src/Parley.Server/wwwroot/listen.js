import { events, request } from "./api.js";
import { make } from "./dialogue.js";
import { showInsecure } from "./notice.js";
import { Wave } from "./score.js";
import { settings } from "./settings.js";
import { Microphone, microphoneProblem, ready, unlock, wavOf } from "./sound.js";

const $ = id => document.getElementById(id);
const rate = 24000; // Hz, of what is recorded here
const wavesUpTo = 64 << 20; // bytes: a longer recording is not decoded for its picture

const wave = new Wave($("listen-wave"), "you");
const player = $("listen-player");
let segments = []; // { start, end, text, item }
let running = null; // AbortController of the present transcription
let recording = null;

/** Fills the list of languages. */
export function showCatalogue({ ears }) {
  fillLanguages($("listen-language"), ears, "Found out");
}

/** The languages of the first ear, by their names. */
export function fillLanguages(select, ears, first) {
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  const name = code => {
    try {
      return names.of(code) ?? code;
    } catch {
      return code;
    }
  };
  const languages = [...new Set(ears.flatMap(ear => ear.languages))].map(code => ({ code, name: name(code) })).sort((a, b) => a.name.localeCompare(b.name));
  select.replaceChildren(new Option(first, ""), ...languages.map(language => new Option(language.name, language.code)));
}

$("listen-file").addEventListener("change", ({ target }) => {
  if (target.files.length > 0) transcribe(target.files[0]);
  target.value = ""; // the same file may be chosen again
});

const drop = $("listen");
for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  drop.addEventListener(type, event => {
    event.preventDefault();
    $("drop").classList.toggle("over", type === "dragenter" || type === "dragover");
    if (type === "drop" && event.dataTransfer.files.length > 0) transcribe(event.dataTransfer.files[0]);
  });
}

$("listen-record").addEventListener("click", () => (recording ? finishRecording() : record()));

/** Records as WAV by the page itself: what a browser's own recorder writes differs from one to the next. */
async function record() {
  let asked;
  try {
    asked = Microphone.ask();
    unlock("play-and-record");
  } catch (fault) {
    asked?.then(stream => stream.getTracks().forEach(track => track.stop()), () => {});
    if (window.isSecureContext) say(fault.message, true);
    else showInsecure();
    return;
  }
  const button = $("listen-record");
  button.disabled = true;
  let stream = null;
  try {
    stream = await asked;
    await ready();
    const pieces = [];
    const peaks = [];
    const microphone = new Microphone(stream, rate, 40);
    microphone.addEventListener("chunk", ({ detail: { pcm, peak } }) => {
      pieces.push(pcm);
      peaks.push(peak);
      wave.show(peaks);
      say(`Recording: ${clock(pieces.length * 0.04)}`);
    });
    microphone.addEventListener("lost", () => finishRecording());
    $("listen-wave").hidden = false;
    wave.seek(1);
    recording = { microphone, pieces };
    button.setAttribute("aria-pressed", "true");
    button.textContent = "Stop and read";
  } catch (fault) {
    stream?.getTracks().forEach(track => track.stop());
    if (fault.name === "InsecureContextError") showInsecure();
    else say(microphoneProblem(fault), true);
  } finally {
    button.disabled = false;
  }
}

function finishRecording() {
  if (!recording) return;
  const { microphone, pieces } = recording;
  recording = null;
  microphone.close();
  $("listen-record").setAttribute("aria-pressed", "false");
  $("listen-record").textContent = "Record";
  transcribe(new File([wavOf(pieces, rate)], "recording.wav", { type: "audio/wav" }));
}

async function transcribe(file) {
  running?.abort();
  const mine = running = new AbortController();
  segments = [];
  $("transcript").replaceChildren();
  $("listen-after").hidden = true;
  URL.revokeObjectURL(player.src);
  player.src = URL.createObjectURL(file);
  player.hidden = false;
  picture(file, mine.signal);
  say(`Reading ${file.name} …`);
  const start = performance.now();
  try {
    const form = new FormData();
    form.append("file", file);
    form.append("response_format", "verbose_json");
    form.append("stream", "true");
    if (settings.ear) form.append("model", settings.ear);
    if ($("listen-language").value) form.append("language", $("listen-language").value);
    const response = await request("v1/audio/transcriptions", { method: "POST", body: form, signal: mine.signal });
    let length = 0;
    for await (const { type, data } of events(response)) {
      if (type === "transcript.text.segment") addSegment(data);
      else if (type === "transcript.text.done") length = data.usage?.seconds ?? 0;
      else if (type === "error") throw new Error(data.error?.message ?? "The transcription failed.");
    }
    const took = (performance.now() - start) / 1000;
    if (segments.length === 0) say("No speech was found in it.");
    else say(`${file.name}: ${clock(length)} of sound, read in ${took.toFixed(1)} s by ${response.headers.get("x-model")}.`);
    showSaved(file.name);
  } catch (fault) {
    if (fault.name !== "AbortError") say(fault.message, true);
  }
}

function addSegment({ start, end, text }) {
  const item = make("li");
  const stamp = make("button", "stamp", clock(start));
  stamp.type = "button";
  stamp.setAttribute("aria-label", `Play from ${clock(start)}`);
  stamp.addEventListener("click", () => {
    player.currentTime = start;
    player.play().catch(() => say("This browser cannot play this recording, though the server could read it.", true));
  });
  item.append(stamp, make("p", "words", text.trim()));
  $("transcript").append(item);
  segments.push({ start, end, text: text.trim(), item });
}

player.addEventListener("timeupdate", () => {
  if (player.duration > 0) wave.seek(player.currentTime / player.duration);
  for (const { start, end, item } of segments) {
    if (!player.paused && player.currentTime >= start && player.currentTime < end) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  }
});

$("listen-wave").addEventListener("click", ({ offsetX, currentTarget }) => {
  if (player.duration > 0) player.currentTime = offsetX / currentTarget.clientWidth * player.duration;
});

/** The picture of a recording that this browser can decode; the others have none. */
async function picture(file, signal) {
  $("listen-wave").hidden = true;
  wave.seek(0);
  if (file.size > wavesUpTo) return;
  try {
    const Offline = window.OfflineAudioContext ?? window.webkitOfflineAudioContext;
    const sound = await new Offline(1, 1, 24000).decodeAudioData(await file.arrayBuffer());
    if (signal.aborted) return;
    const samples = sound.getChannelData(0);
    const step = Math.max(1, Math.floor(samples.length / 1200));
    const peaks = [];
    for (let i = 0; i < samples.length; i += step) {
      let peak = 0;
      for (let k = i; k < Math.min(samples.length, i + step); k++) peak = Math.max(peak, Math.abs(samples[k]));
      peaks.push(peak);
    }
    $("listen-wave").hidden = false;
    wave.show(peaks);
  } catch {
    // Not decodable here; the transcript does not depend on it.
  }
}

function showSaved(name) {
  $("listen-after").hidden = segments.length === 0;
  const cues = segments.map(({ start, end, text }, i) => `${i + 1}\n${cueTime(start)} --> ${cueTime(end)}\n${text}\n`).join("\n");
  URL.revokeObjectURL($("listen-save").href);
  $("listen-save").href = URL.createObjectURL(new Blob([cues], { type: "application/x-subrip" }));
  $("listen-save").download = `${name.replace(/\.[^.]*$/, "")}.srt`;
}

$("listen-copy").addEventListener("click", async () => {
  const text = segments.map(segment => segment.text).join("\n");
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {
    say("The browser does not let this page copy; select the text instead.", true);
  }
});

function say(text, isFault = false) {
  $("listen-status").textContent = text;
  $("listen-status").classList.toggle("fault", isFault);
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

function cueTime(seconds) {
  const ms = Math.round(seconds * 1000);
  const two = value => String(value).padStart(2, "0");
  return `${two(Math.floor(ms / 3600000))}:${two(Math.floor(ms / 60000) % 60)}:${two(Math.floor(ms / 1000) % 60)},${String(ms % 1000).padStart(3, "0")}`;
}
