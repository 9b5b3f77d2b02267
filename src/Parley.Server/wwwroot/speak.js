import { request } from "./api.js";
import { Wave } from "./score.js";
import { settings } from "./settings.js";
import { Pcm16Bytes, Player, outputLatency, ready, unlock, wavOf } from "./sound.js";

const $ = id => document.getElementById(id);
const rate = 24000; // Hz; what /v1/audio/speech sends unless asked otherwise
const peakSamples = rate / 50;

const wave = new Wave($("speak-wave"), "parley");
let catalogue = null;
let job = null; // what is being spoken: { abort, player, pieces, ... }
let spoken = null; // what was spoken last

/** Fills the lists. @param {Awaited<ReturnType<import("./api.js").loadCatalogue>>} loaded */
export function showCatalogue(loaded) {
  catalogue = loaded;
  $("speak-engine").replaceChildren(...catalogue.speakers.map(engine => new Option(engine.id, engine.id)));
  if (catalogue.speakers.some(engine => engine.id === settings.engine)) $("speak-engine").value = settings.engine;
  fillVoices($("speak-voice"), catalogue, $("speak-engine").value, settings.voice);
}

/** The voices of an engine, with the languages they speak. */
export function fillVoices(select, { voices }, engine, chosen) {
  const fitting = voices.filter(voice => engine === "" || voice.models.includes(engine));
  select.replaceChildren(...fitting.map(voice => new Option(voice.languages.length > 0 ? `${voice.display_name} · ${voice.languages.join(", ")}` : voice.display_name, voice.id)));
  if (fitting.some(voice => voice.id === chosen)) select.value = chosen;
}

$("speak-engine").addEventListener("change", () => fillVoices($("speak-voice"), catalogue, $("speak-engine").value, ""));
$("speak-speed").addEventListener("input", () => { $("speak-speed-value").textContent = `${Number($("speak-speed").value)}×`; });

$("speak-form").addEventListener("submit", event => {
  event.preventDefault();
  if (job) stop();
  else run(speak);
});
$("speak-again").addEventListener("click", () => {
  if (job) stop();
  run(replay);
});
// As in a chat: Ctrl+Enter (or ⌘+Enter) speaks.
$("speak-text").addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("speak-form").requestSubmit();
});

/** Runs inside the tap: sound must be unlocked before anything is awaited. */
async function run(work) {
  const mine = { abort: new AbortController(), player: null, pieces: [], samples: 0, peaks: [], id: crypto.randomUUID?.() ?? String(Math.random()) };
  job = mine;
  $("speak-button").textContent = "Stop";
  say("");
  try {
    unlock("playback");
    await work(mine);
  } catch (fault) {
    if (job === mine && fault.name !== "AbortError") say(fault.message, true);
  } finally {
    mine.player?.close();
    if (job === mine) {
      job = null;
      $("speak-button").textContent = "Speak";
    }
  }
}

function stop() {
  const stopped = job;
  job = null;
  $("speak-button").textContent = "Speak";
  stopped.abort.abort();
  stopped.player?.cut();
}

async function speak(mine) {
  const start = performance.now();
  const readying = ready();
  readying.catch(() => {}); // awaited below; the request need not wait for it
  for (const id of ["speak-first", "speak-heard", "speak-rtf", "speak-length", "speak-gaps"]) $(id).textContent = "–";
  wave.clear();
  say("Asking for speech …");
  const response = await request("v1/audio/speech", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    signal: mine.abort.signal,
    body: JSON.stringify({
      input: $("speak-text").value, model: $("speak-engine").value || undefined, voice: $("speak-voice").value || undefined,
      speed: Number($("speak-speed").value), response_format: "pcm", stream_format: "audio", sample_rate: rate,
    }),
  });
  const reader = response.body.getReader();
  const decoder = new Pcm16Bytes();
  await readying;
  const ended = play(mine, heard => { $("speak-heard").textContent = milliseconds(heard - start); });
  let first = null;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    if (first === null) {
      first = performance.now();
      $("speak-first").textContent = milliseconds(first - start);
      say("Speaking");
    }
    take(mine, decoder.push(value));
    showRatio(mine, start);
  }
  showRatio(mine, start);
  mine.player.end(mine.id);
  spoken = mine;
  showSaved(mine);
  await ended;
  say(`${seconds(mine.samples / rate)} by ${response.headers.get("x-model")}, voice ${response.headers.get("x-voice") ?? "as it is"}.`);
}

async function replay(mine) {
  await ready();
  mine.samples = spoken.samples;
  mine.peaks = spoken.peaks;
  wave.show(mine.peaks);
  const ended = play(mine, () => {});
  for (const piece of spoken.pieces) mine.player.push(mine.id, piece, rate);
  mine.player.end(mine.id);
  await ended;
}

/** Begins to play; the promise ends when all was heard, or with an AbortError when it is stopped. */
function play(mine, firstHeard) {
  mine.player = new Player();
  mine.player.addEventListener("started", () => firstHeard(performance.now() + outputLatency() * 1000));
  mine.player.addEventListener("played", ({ detail }) => { if (mine.samples > 0) wave.seek(detail.played * rate / mine.samples); });
  const ended = new Promise((resolve, reject) => {
    mine.player.addEventListener("ended", ({ detail }) => {
      wave.seek(1);
      $("speak-gaps").textContent = detail.gaps > 0 ? milliseconds(detail.gaps * 1000) : "none";
      setTimeout(resolve, outputLatency() * 1000); // the last samples are still on their way to the ear
    });
    mine.player.addEventListener("cut", () => reject(new DOMException("stopped", "AbortError")));
  });
  ended.catch(() => {}); // a stop before anybody waits for the end is no fault
  return ended;
}

function take(mine, pcm) {
  if (pcm.length === 0) return;
  mine.pieces.push(pcm);
  mine.samples += pcm.length;
  for (let i = 0; i < pcm.length; i += peakSamples) {
    let peak = 0;
    for (let k = i; k < Math.min(pcm.length, i + peakSamples); k++) peak = Math.max(peak, Math.abs(pcm[k]));
    mine.peaks.push(peak / 32768);
  }
  wave.show(mine.peaks);
  mine.player.push(mine.id, pcm, rate);
}

function showRatio(mine, start) {
  const length = mine.samples / rate;
  if (length === 0) return;
  $("speak-length").textContent = seconds(length);
  $("speak-rtf").textContent = ((performance.now() - start) / 1000 / length).toFixed(2);
}

function showSaved(mine) {
  $("speak-again").disabled = false;
  URL.revokeObjectURL($("speak-save").href);
  $("speak-save").href = URL.createObjectURL(wavOf(mine.pieces, rate));
  $("speak-save").hidden = false;
}

function say(text, isFault = false) {
  $("speak-status").textContent = text;
  $("speak-status").classList.toggle("fault", isFault);
}

const milliseconds = ms => `${Math.round(ms)} ms`;
const seconds = s => `${s.toFixed(1)} s`;
