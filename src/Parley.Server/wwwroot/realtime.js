import { settings } from "./settings.js";

/** Rate of the sound on the wire, both ways, in Hz. */
export const wireRate = 24000;

/**
 * One session of /v1/realtime (OpenAI's Realtime events over a WebSocket). Dispatches every server event under its own type,
 * and `closed` with `{ clean, reason }`.
 */
export class RealtimeSession extends EventTarget {
  #socket;
  #isOpen = false;

  constructor() {
    super();
    const address = new URL("v1/realtime", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    if (settings.brain) address.searchParams.set("model", settings.brain);
    const protocols = ["realtime"];
    if (settings.key) protocols.push(`openai-insecure-api-key.${settings.key}`);
    this.#socket = new WebSocket(address, protocols);
    this.#socket.addEventListener("open", () => { this.#isOpen = true; });
    this.#socket.addEventListener("message", ({ data }) => this.#receive(data));
    this.#socket.addEventListener("close", ({ wasClean, reason, code }) => this.#tell("closed", { clean: wasClean, code, reason, opened: this.#isOpen }));
  }

  /** Sends an event; one that comes too late, when the socket has closed, is of no use to anybody. */
  send(type, more = {}) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type, ...more }));
  }

  /** Tells the server what the visitor chose. With `first`, also what only this page does. */
  configure(first) {
    const audio = { input: { turn_detection: turnDetection() }, output: {} };
    if (first) {
      audio.input.format = audio.output.format = { type: "audio/pcm", rate: wireRate };
      audio.input.transcription = {};
      if (settings.ear) audio.input.transcription.model = settings.ear;
      if (settings.language) audio.input.transcription.language = settings.language;
      if (settings.voice) audio.output.voice = settings.voice;
    }
    const session = { type: "realtime", audio };
    if (settings.instructions || !first) session.instructions = settings.instructions || null;
    // This page can pause, go on and count what it played; and it draws what a turn took.
    if (first) Object.assign(session, { x_playback: true, x_metrics: true });
    this.send("session.update", { session });
  }

  /** @param {Int16Array} pcm at the wire's rate */
  sendSound(pcm) {
    this.send("input_audio_buffer.append", { audio: toBase64(pcm) });
  }

  close() {
    this.#socket.close(1000);
  }

  #receive(text) {
    let event;
    try {
      event = JSON.parse(text);
    } catch {
      return; // not ours to repair; the next one may be whole
    }
    this.#tell(event.type, event);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function turnDetection() {
  switch (settings.turn) {
    case "manual":
      return null;
    case "silence":
      return { type: "server_vad" };
    default:
      return { type: "semantic_vad", eagerness: settings.turn };
  }
}

/** @param {Int16Array} pcm */
function toBase64(pcm) {
  const bytes = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x2000) text += String.fromCharCode(...bytes.subarray(i, i + 0x2000));
  return btoa(text);
}

/** @param {string} text base64 @returns {Uint8Array} */
export function fromBase64(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}
