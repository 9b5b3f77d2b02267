import { Resampler } from "./resampler.js";

/**
 * The one audio context of the page. Phones let it sound only if it is made and resumed inside the tap itself, before
 * anything is awaited: call `unlock` first thing in a click handler.
 */
let context = null;
let modules = null;

/** @param {"playback" | "play-and-record"} use what iOS should route the sound for */
export function unlock(use) {
  // Otherwise the silent switch of an iPhone mutes the page, or its loudspeaker goes to the ear.
  if (navigator.audioSession) navigator.audioSession.type = use;
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (!Context) throw new Error("This browser has no Web Audio, which the sound of this page needs.");
  if (context === null || context.state === "closed") {
    context = new Context({ latencyHint: "interactive" }); // at the device's own rate; we convert
    modules = null;
  }
  context.resume();
  // Old iOS counts a context as started only once it has played something.
  const nothing = context.createBufferSource();
  nothing.buffer = context.createBuffer(1, 1, context.sampleRate);
  nothing.connect(context.destination);
  nothing.start();
  if (!context.audioWorklet) throw new Error(worklessReason());
  modules ??= Promise.all([context.audioWorklet.addModule("capture-worklet.js"), context.audioWorklet.addModule("playback-worklet.js")]);
  return context;
}

/** @returns {Promise<AudioContext>} once it runs and the worklets are there */
export async function ready() {
  await modules;
  if (context.state !== "running") await Promise.race([context.resume(), new Promise(resolve => { setTimeout(resolve, 3000); })]);
  if (context.state !== "running") throw new Error("The browser keeps the sound of this page off. Press the button once more; on a phone, check that nothing else is using the sound.");
  return context;
}

function worklessReason() {
  return window.isSecureContext
    ? "This browser has no audio worklets, which the sound of this page needs. Any browser since 2021 has them."
    : "Browsers give this page neither microphone nor its sound engine over plain HTTP from another machine. Open it over HTTPS, or from localhost.";
}

/** Seconds between what the context has played and what is heard. */
export const outputLatency = () => (context?.outputLatency || context?.baseLatency || 0);

/** Decodes 16-bit little-endian bytes that come in any pieces. */
export class Pcm16Bytes {
  #odd = null;

  /** @param {Uint8Array} bytes @returns {Int16Array} */
  push(bytes) {
    const whole = new Uint8Array((this.#odd === null ? 0 : 1) + bytes.length);
    if (this.#odd !== null) whole[0] = this.#odd;
    whole.set(bytes, whole.length - bytes.length);
    this.#odd = whole.length % 2 === 1 ? whole[whole.length - 1] : null;
    const view = new DataView(whole.buffer);
    const samples = new Int16Array(whole.length >> 1);
    for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true);
    return samples;
  }
}

/** The loudspeaker. Streams play one after the other; each is known by an id. Dispatches `started`, `played`, `ended` and `cut`. */
export class Player extends EventTarget {
  #resampler = null;
  #stream = null;

  constructor() {
    super();
    this.node = new AudioWorkletNode(context, "parley-playback", { numberOfInputs: 0, outputChannelCount: [1] });
    this.node.port.addEventListener("message", ({ data }) => this.dispatchEvent(new CustomEvent(data.type, { detail: data })));
    this.node.port.start();
    this.node.connect(context.destination);
  }

  /** @param {string} id of the stream @param {Int16Array} pcm @param {number} rate in Hz */
  push(id, pcm, rate) {
    if (this.#stream !== id) {
      this.#stream = id;
      this.#resampler = new Resampler(rate, context.sampleRate);
    }
    const floats = new Float32Array(pcm.length);
    for (let i = 0; i < pcm.length; i++) floats[i] = pcm[i] / 32768;
    this.#send(id, this.#resampler.push(floats));
  }

  /** Says that a stream has no more samples. */
  end(id) {
    if (this.#stream === id) {
      this.#send(id, this.#resampler.flush());
      this.#stream = null;
    }
    this.node.port.postMessage({ type: "end", id });
  }

  /** Falls silent and forgets what was to come. `cut` tells how much had been played. */
  cut() {
    this.#stream = null;
    this.node.port.postMessage({ type: "cut" });
  }

  pause() { this.node.port.postMessage({ type: "pause" }); }

  resume() { this.node.port.postMessage({ type: "resume" }); }

  close() {
    this.node.port.postMessage({ type: "close" });
    this.node.disconnect();
  }

  #send(id, samples) {
    if (samples.length > 0) this.node.port.postMessage({ type: "push", id, samples }, [samples.buffer]);
  }
}

/** The microphone at a rate of our choice. Dispatches `chunk` with `{ pcm, peak }`, and `lost` when the device goes away. */
export class Microphone extends EventTarget {
  /** Asks for the microphone; call it inside the tap. @returns {Promise<MediaStream>} */
  static ask() {
    if (!navigator.mediaDevices?.getUserMedia) return Promise.reject(new DOMException(worklessReason(), "InsecureContextError"));
    return navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 1 } } });
  }

  /** @param {MediaStream} stream @param {number} rate in Hz @param {number} milliseconds length of a chunk */
  constructor(stream, rate, milliseconds) {
    super();
    this.stream = stream;
    this.node = new AudioWorkletNode(context, "parley-capture", {
      numberOfOutputs: 1, channelCount: 1, channelCountMode: "explicit", channelInterpretation: "speakers",
      processorOptions: { rate, chunk: rate * milliseconds / 1000 },
    });
    this.node.port.onmessage = ({ data }) => this.dispatchEvent(new CustomEvent("chunk", { detail: data }));
    this.source = context.createMediaStreamSource(stream);
    this.source.connect(this.node);
    // Its output is silence; without a way to the loudspeaker some browsers do not run it.
    this.node.connect(context.destination);
    for (const track of stream.getAudioTracks()) track.addEventListener("ended", () => this.dispatchEvent(new Event("lost")));
  }

  close() {
    this.node.port.postMessage("close");
    this.source.disconnect();
    this.node.disconnect();
    for (const track of this.stream.getTracks()) track.stop();
  }
}

/** What went wrong with a microphone, in words for the person in front of it. */
export function microphoneProblem(fault) {
  switch (fault.name) {
    case "NotAllowedError":
      return "The microphone is not allowed for this page. Allow it where the browser shows the page's permissions (at the left of the address, or in the phone's settings for this browser), then press again.";
    case "NotFoundError":
      return "There is no microphone on this device. Plug one in, then press again.";
    case "NotReadableError":
    case "AbortError":
      return "The microphone is there but does not open; another program may be holding it. Close that one, then press again.";
    case "OverconstrainedError":
      return "The microphone does not offer what was asked of it. Choose another one in the browser's settings.";
    case "SecurityError":
      return "The browser's settings forbid microphones on this page.";
    default:
      return fault.message;
  }
}

/** A WAV file of 16-bit mono. @param {Int16Array[]} pieces @param {number} rate @returns {Blob} */
export function wavOf(pieces, rate) {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length * 2, 0);
  const header = new DataView(new ArrayBuffer(44));
  const text = (at, letters) => [...letters].forEach((letter, i) => header.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  header.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, rate, true);
  header.setUint32(28, rate * 2, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  text(36, "data");
  header.setUint32(40, bytes, true);
  return new Blob([header, ...pieces], { type: "audio/wav" });
}
