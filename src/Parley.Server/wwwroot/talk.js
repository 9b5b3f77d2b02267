import { whyNoSocket } from "./api.js";
import { Conversation } from "./conversation.js";
import { Dialogue } from "./dialogue.js";
import { hideNotice, showInsecure, showNotice } from "./notice.js";
import { Score } from "./score.js";
import { settings } from "./settings.js";
import { Microphone, microphoneProblem, ready, unlock } from "./sound.js";
import { drawWaterfall } from "./waterfall.js";

const $ = id => document.getElementById(id);
const says = { idle: "Say something", connecting: "Connecting …", listening: "I am listening", thinking: "Let me think", speaking: "Talk over me whenever you like" };

const panel = $("talk");
const button = $("talk-button");
export const score = new Score($("score"));
const dialogue = new Dialogue($("dialogue"), $("announce"));
let conversation = null;
let isStarting = false;
let wakeLock = null;
const announced = new Set();

function setState(state) {
  panel.dataset.state = state;
  $("talk-state").textContent = says[state];
  $("talk-label").textContent = state === "idle" ? "Start talking" : "Stop";
  $("talk-hint").hidden = state !== "idle";
  $("mute").hidden = state === "idle";
}

async function start() {
  // Everything up to the first await happens inside the tap; phones give sound and microphone only there.
  let asked;
  let context;
  try {
    asked = Microphone.ask();
    context = unlock("play-and-record");
  } catch (fault) {
    asked?.then(stream => stream.getTracks().forEach(track => track.stop()), () => {});
    if (window.isSecureContext) showNotice(fault.message);
    else showInsecure();
    return;
  }
  hideNotice();
  isStarting = true;
  setState("connecting");
  let stream = null;
  try {
    stream = await asked;
    await ready();
  } catch (fault) {
    stream?.getTracks().forEach(track => track.stop());
    if (fault.name === "InsecureContextError") showInsecure();
    else showNotice(microphoneProblem(fault));
    setState("idle");
    return;
  } finally {
    isStarting = false;
  }
  dialogue.clear();
  announced.clear();
  drawWaterfall($("waterfall"), {});
  $("gap").textContent = "–";
  score.start();
  conversation = new Conversation(stream, settings.turn === "manual");
  follow(conversation, context);
  showMute();
  setState("connecting");
  wakeLock = await navigator.wakeLock?.request("screen").catch(() => null); // a phone that sleeps stops listening
}

function stop() {
  conversation?.close();
  conversation = null;
  score.stop();
  wakeLock?.release();
  wakeLock = null;
  setState("idle");
  setLevel(0);
}

function follow(talk, context) {
  const on = (type, handle) => talk.addEventListener(type, ({ detail }) => { if (talk === conversation) handle(detail); });
  on("state", ({ state }) => setState(state));
  on("level", ({ side, peak, seconds }) => {
    if (side === "you") score.hear(peak, seconds);
    else score.play(peak, seconds);
    if (side === "you") $("level").value = Math.sqrt(peak);
    if ((side === "you") === (panel.dataset.state === "listening")) setLevel(peak);
  });
  on("ahead", ({ pcm }) => score.expect(pcm, 24000));
  on("cut", () => score.cut());
  on("heard", ({ id, text, isFinal }) => {
    panel.dataset.spoken = "";
    if (isFinal && text === "") {
      dialogue.remove(id);
      return;
    }
    if (!dialogue.has(id)) dialogue.begin("you", id);
    dialogue.hear(id, text, isFinal);
    if (isFinal) announce(id, `You: ${text}`);
  });
  on("deleted", ({ id }) => dialogue.remove(id));
  on("answer", ({ id, answer, state }) => {
    panel.dataset.spoken = "";
    if (!dialogue.has(id)) dialogue.begin("parley", id);
    const heard = state === "finished" ? answer.text.length : answer.heardLetters;
    dialogue.answer(id, answer.text, heard, state);
    if (state === "cut") dialogue.note(id, "interrupted");
    if (state !== "playing") announce(id, `Parley: ${answer.text.slice(0, heard)}${state === "cut" ? " (interrupted)" : ""}`);
  });
  on("turn", ({ from, to, stages }) => {
    $("gap").textContent = `${Math.round(to - from)} ms`;
    drawWaterfall($("waterfall"), stages);
    score.gap(from / 1000, to / 1000);
  });
  on("problem", ({ message }) => showNotice(message));
  on("closed", async ({ opened, reason, code }) => {
    stop();
    showNotice(!opened ? await whyNoSocket() : reason || (code === 1012 ? "The server restarts. Start again in a moment." : "The connection to the server is gone; the conversation has ended."));
  });
  // A phone call or another program may take the sound away; only a tap gives it back.
  context.onstatechange = () => {
    if (talk !== conversation || context.state === "running" || context.state === "closed") return;
    showNotice("Something else took the sound of this device.", "Go on", () => context.resume());
  };
}

function announce(id, text) {
  if (!settings.announce || announced.has(id)) return;
  announced.add(id);
  dialogue.announce(text);
}

function setLevel(peak) {
  button.style.setProperty("--loud", Math.sqrt(peak).toFixed(2));
}

function showMute() {
  const mute = $("mute");
  mute.textContent = conversation?.isManual ? "Hold to talk" : "Mute";
  mute.setAttribute("aria-pressed", "false");
  mute.classList.remove("holding");
}

/** The visitor changed a setting. */
export function settingsChanged() {
  conversation?.reconfigure(settings.turn === "manual");
  if (conversation) showMute();
}

button.addEventListener("click", () => {
  if (isStarting) return;
  if (conversation) stop();
  else start();
});

$("mute").addEventListener("click", ({ currentTarget }) => {
  if (!conversation || conversation.isManual) return;
  const isMuted = currentTarget.getAttribute("aria-pressed") !== "true";
  currentTarget.setAttribute("aria-pressed", isMuted);
  currentTarget.textContent = isMuted ? "Unmute" : "Mute";
  conversation.isMuted = isMuted;
});

function hold(event) {
  if (!conversation?.isManual || event.repeat) return;
  $("mute").classList.add("holding");
  conversation.hold();
}

function release() {
  if (!conversation?.isManual) return;
  $("mute").classList.remove("holding");
  conversation.release();
}

$("mute").addEventListener("pointerdown", event => {
  event.currentTarget.setPointerCapture(event.pointerId);
  hold(event);
});
$("mute").addEventListener("pointerup", release);
$("mute").addEventListener("pointercancel", release);
$("mute").addEventListener("keydown", event => { if (event.key === " " || event.key === "Enter") hold(event); });
$("mute").addEventListener("keyup", event => { if (event.key === " " || event.key === "Enter") release(); });
window.addEventListener("pagehide", () => conversation?.close());
