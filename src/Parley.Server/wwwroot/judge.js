import { getJson, request } from "./api.js";
import { make } from "./dialogue.js";
import { hideNotice, showNotice } from "./notice.js";
import { settings } from "./settings.js";

/* Nothing on this page knows which engine is which: the server hands out pairs with random names, and keeps the key sealed. */

const $ = id => document.getElementById(id);
const words = ["Bad", "Poor", "Fair", "Good", "Excellent"]; // 1 to 5
const breakAfter = 15 * 60 * 1000; // ms: ears tire
const sides = Object.fromEntries([...document.querySelectorAll(".clip")].map(clip => [clip.dataset.side, new Side(clip)]));

let trial = "";
let listener = kept(localStorage, "parley.listener") ?? "";
let pair = null; // { id, a, b, seconds }
let firstPlay = null;
let lastHeard = "a";
let listeningSince = null;
let isSending = false;

/** One of the two clips: its sound, how often it was heard to its end, and its score. */
function Side(element) {
  const name = element.dataset.side;
  const button = element.querySelector(".play");
  const scale = element.querySelector(".scale");
  const audio = new Audio();
  this.plays = 0;

  for (let score = 1; score <= 5; score++) {
    const label = make("label");
    const input = make("input");
    Object.assign(input, { type: "radio", name: `score-${name}`, value: score });
    const text = make("span");
    text.append(make("b", "", String(score)), ` ${words[score - 1]}`);
    label.append(input, text);
    scale.append(label);
  }

  Object.defineProperty(this, "score", {
    get: () => Number(scale.querySelector(":checked")?.value ?? 0),
    set: score => { for (const input of scale.querySelectorAll("input")) input.checked = Number(input.value) === score; },
  });

  this.load = async path => {
    this.stop();
    button.disabled = true;
    const clip = await (await request(path.replace(/^\//, ""))).blob(); // an <audio> could not show the API key
    URL.revokeObjectURL(audio.src);
    audio.src = URL.createObjectURL(clip);
    button.disabled = false;
    show();
  };
  this.stop = () => {
    audio.pause();
    audio.currentTime = 0;
  };
  this.toggle = () => {
    if (button.disabled) return;
    if (!audio.paused) {
      this.stop();
      return;
    }
    for (const other of Object.values(sides)) if (other !== this) other.stop();
    lastHeard = name;
    firstPlay ??= performance.now();
    audio.play().catch(fault => showNotice(`The clip cannot be played: ${fault.message}`));
  };
  this.focus = () => button.focus();

  const show = () => {
    const isPlaying = !audio.paused;
    element.classList.toggle("playing", isPlaying);
    button.querySelector(".word").textContent = `${isPlaying ? "Stop" : "Play"} ${name.toUpperCase()}`;
    element.querySelector(".heard").textContent = this.plays === 0 ? "Not heard to its end yet" : this.plays === 1 ? "Heard once" : this.plays === 2 ? "Heard twice" : `Heard ${this.plays} times`;
    scale.classList.toggle("wanting", this.plays > 0 && this.score === 0);
  };
  this.show = show;
  const follow = () => {
    element.style.setProperty("--at", audio.duration > 0 ? audio.currentTime / audio.duration : 0);
    if (!audio.paused) requestAnimationFrame(follow);
  };
  button.addEventListener("click", () => this.toggle());
  scale.addEventListener("change", changed);
  audio.addEventListener("play", () => { show(); follow(); });
  audio.addEventListener("pause", () => { show(); follow(); });
  audio.addEventListener("ended", () => {
    this.plays++;
    audio.currentTime = 0;
    show();
    changed();
  });
}

function kept(storage, name) {
  try {
    return storage.getItem(name);
  } catch {
    return null;
  }
}

function keep(storage, name, value) {
  try {
    if (value === null) storage.removeItem(name);
    else storage.setItem(name, value);
  } catch {
    // Storage is closed to us: what is judged is on the server all the same.
  }
}

/* What is missing, and a draft that survives a reload */

const preference = () => document.querySelector("[name=preference]:checked")?.value ?? null;

function missing() {
  const unheard = Object.entries(sides).filter(([, side]) => side.plays === 0).map(([name]) => name.toUpperCase());
  if (unheard.length > 0) return `Hear ${unheard.join(" and ")} to the end first.`;
  const unrated = Object.entries(sides).filter(([, side]) => side.score === 0).map(([name]) => name.toUpperCase());
  return unrated.length > 0 ? `Rate ${unrated.join(" and ")}.` : "";
}

function changed() {
  const lack = missing();
  $("todo").textContent = lack;
  $("next").disabled = lack !== "" || isSending;
  for (const side of Object.values(sides)) side.show();
  if (pair) keep(sessionStorage, "parley.draft", JSON.stringify({ trial, listener, pair: pair.id, a: draftOf(sides.a), b: draftOf(sides.b), preference: preference(), note: $("note").value }));
}

const draftOf = side => ({ plays: side.plays, score: side.score });

function restore() {
  let draft = null;
  try {
    draft = JSON.parse(kept(sessionStorage, "parley.draft") ?? "null");
  } catch {
    // Something else lies there.
  }
  const isMine = draft?.trial === trial && draft.listener === listener && draft.pair === pair.id;
  for (const [name, side] of Object.entries(sides)) {
    side.plays = isMine ? Number(draft[name]?.plays ?? 0) : 0;
    side.score = isMine ? Number(draft[name]?.score ?? 0) : 0;
  }
  for (const input of document.querySelectorAll("[name=preference]")) input.checked = isMine && input.value === draft.preference;
  $("note").value = isMine ? draft.note ?? "" : "";
}

$("pair-form").addEventListener("change", changed);
$("note").addEventListener("input", changed);

/* From pair to pair */

async function show(next) {
  pair = next.pair;
  firstPlay = null;
  lastHeard = "a";
  if (!pair) {
    end(next);
    return;
  }
  only("pair");
  $("pair-heading").textContent = `Pair ${next.number} of ${next.of}`;
  $("progress").max = next.of;
  $("progress").value = next.judged;
  $("next").textContent = next.number === next.of ? "Finish" : "Next pair";
  restore();
  changed();
  await Promise.all([sides.a.load(pair.a), sides.b.load(pair.b)]);
  $("pair-heading").focus({ preventScroll: true });
  window.scrollTo(0, 0);
  listeningSince ??= performance.now();
  if (performance.now() - listeningSince > breakAfter) {
    listeningSince = performance.now();
    showNotice("You have listened for a quarter of an hour: a short break keeps the ears fresh. Everything so far is kept.", "Go on");
  }
}

$("pair-form").addEventListener("submit", async event => {
  event.preventDefault();
  if (missing() !== "" || isSending) return;
  isSending = true;
  $("next").disabled = true;
  for (const side of Object.values(sides)) side.stop();
  const body = { pair: pair.id, listener, score_a: sides.a.score, score_b: sides.b.score, plays_a: sides.a.plays, plays_b: sides.b.plays };
  if (preference()) body.preference = preference();
  if ($("note").value.trim()) body.note = $("note").value.trim();
  if (firstPlay !== null) body.first_score_ms = Math.round(performance.now() - firstPlay);
  try {
    const response = await request(listening(), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    hideNotice();
    keep(sessionStorage, "parley.draft", null);
    await show(await response.json());
  } catch (fault) {
    showNotice(fault.message); // what was said stays on the page, to be sent again
  } finally {
    isSending = false;
    if (pair) changed();
  }
});

const listening = () => `v1/trials/${encodeURIComponent(trial)}/listening`;

async function open() {
  try {
    hideNotice();
    const next = await getJson(`${listening()}?listener=${encodeURIComponent(listener)}`);
    keep(localStorage, "parley.listener", listener);
    history.replaceState(null, "", `#${encodeURIComponent(trial)}`);
    $("where").textContent = `${trial} · ${listener}`;
    $("leave").hidden = false;
    await show(next);
  } catch (fault) {
    await begin(fault.message);
  }
}

function end({ of, closed }) {
  only("end");
  $("end-text").textContent = closed
    ? "The listening is over and its labels are lifted; the report says how it came out."
    : `You have judged all ${of} pairs. The labels stay sealed until every listener has finished; then “parley trial verdict ${trial}” lifts them.`;
  $("leave").hidden = true;
  $("end-heading").focus();
}

/* The first page */

async function begin(problem) {
  only("begin");
  pair = null;
  $("where").textContent = "";
  $("leave").hidden = true;
  $("listener").value = listener;
  $("key").value = settings.key;
  let trials = [];
  try {
    trials = (await getJson("v1/trials")).data;
  } catch (fault) {
    problem ??= fault.status === 401 ? null : fault.message;
  }
  if (problem) showNotice(problem);
  const open = trials.filter(known => !known.closed && known.phase === "scoring");
  const isEmpty = open.length === 0 && $("key-field").hidden;
  $("no-trials").hidden = !isEmpty;
  $("begin-form").hidden = isEmpty;
  $("trials").hidden = open.length === 0;
  $("trials").replaceChildren($("trials").querySelector("legend"), ...open.map((known, i) => {
    const label = make("label");
    const input = make("input");
    Object.assign(input, { type: "radio", name: "trial", value: known.name, required: true, checked: known.name === trial || open.length === 1 || (i === 0 && !open.some(other => other.name === trial)) });
    label.append(input, make("span", "", known.name), make("span", "how-far", known.wanted > 0 ? `${known.judged} of ${known.wanted} judged` : "nobody has begun"));
    return label;
  }));
}

$("begin-form").addEventListener("submit", event => {
  event.preventDefault();
  settings.key = $("key").value.trim();
  trial = document.querySelector("[name=trial]:checked")?.value ?? "";
  listener = $("listener").value.trim();
  if (trial) open();
  else begin();
});
$("leave").addEventListener("click", () => {
  for (const side of Object.values(sides)) side.stop();
  keep(localStorage, "parley.listener", null); // a reload would go on at once
  history.replaceState(null, "", location.pathname);
  begin();
});
$("another").addEventListener("click", () => {
  keep(localStorage, "parley.listener", null);
  listener = "";
  begin().then(() => $("listener").focus());
});
window.addEventListener("key-needed", () => {
  $("key-field").hidden = false;
  showNotice(settings.key ? "The server does not take the API key that is kept here." : "This server needs an API key.");
});

function only(id) {
  for (const section of ["begin", "pair", "end"]) $(section).hidden = section !== id;
}

/* By keyboard */

document.addEventListener("keydown", event => {
  if ($("pair").hidden || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=text], textarea")) return;
  const key = event.key.toLowerCase();
  const isRadio = event.target.matches("input[type=radio]");
  if (key === "a" || key === "b") sides[key].toggle();
  else if (key >= "1" && key <= "5") sides[lastHeard].score = Number(key);
  else if (!isRadio && ["arrowleft", "arrowdown", "arrowright"].includes(key)) prefer({ arrowleft: "a", arrowdown: "none", arrowright: "b" }[key]);
  else if (key === "r") $("note").focus();
  else if (key === "enter" && !event.target.matches("button")) $("pair-form").requestSubmit($("next").disabled ? undefined : $("next"));
  else return;
  event.preventDefault();
  changed();
});

function prefer(value) {
  for (const input of document.querySelectorAll("[name=preference]")) input.checked = input.value === value;
}

/* A link with the trial's name goes straight on for a listener who is known here. */

try {
  trial = decodeURIComponent(location.hash.slice(1));
} catch {
  trial = ""; // not ours
}
if (trial && listener) open();
else begin();
