import { Answer } from "./answer.js";
import { RealtimeSession, fromBase64, wireRate } from "./realtime.js";
import { Microphone, Pcm16Bytes, Player, outputLatency } from "./sound.js";

const chunkMilliseconds = 20;
const reportEvery = 100; // milliseconds between two reports of what was played

/**
 * One conversation: microphone to server, server to loudspeaker, and what became of it. Dispatches
 * `state` (connecting, listening, thinking, speaking), `heard` { id, text, isFinal }, `answer` { id, answer, state },
 * `level` { side, peak, seconds }, `ahead` { pcm }, `cut`, `turn` { id, from, to, stages }, `problem` { message }, `closed` { message }.
 */
export class Conversation extends EventTarget {
  #session = new RealtimeSession();
  #player = new Player();
  #microphone;
  #isManual;
  #isMuted = false;
  #isHolding = false;
  #isClosed = false;
  #isGuided = false; // the server pauses, resumes and cuts by what we report (x_playback)
  #sent = 0; // samples, as the server counts them
  #sentAt = 0;
  #heard = new Map(); // item → what was recognised so far
  #answers = new Map(); // item → { answer, bytes, played, state }
  #turn = null; // what the page itself measured of the present turn
  #playing = null;
  #reported = 0;

  /** @param {MediaStream} stream @param {boolean} isManual hold to talk */
  constructor(stream, isManual) {
    super();
    this.#isManual = isManual;
    this.#microphone = new Microphone(stream, wireRate, chunkMilliseconds);
    this.#microphone.addEventListener("chunk", ({ detail }) => this.#send(detail));
    this.#microphone.addEventListener("lost", () => this.#tell("problem", { message: "The microphone has gone away. Plug it in again and start a new conversation." }));
    this.#listenToServer();
    this.#listenToPlayer();
    this.#state("connecting");
  }

  get isManual() { return this.#isManual; }

  set isMuted(value) { this.#isMuted = value; }

  /** The visitor's choices have changed. */
  reconfigure(isManual) {
    this.#isManual = isManual;
    this.#session.configure(false);
  }

  /** Hold to talk: the key went down. */
  hold() {
    this.#isHolding = true;
    if (this.#playing !== null) {
      this.#session.send("response.cancel");
      this.#player.cut();
    }
    this.#state("listening");
  }

  /** Hold to talk: the key came up. */
  release() {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    this.#turn = { end: performance.now(), stages: { end_of_turn: 0 } };
    this.#session.send("input_audio_buffer.commit");
    this.#session.send("response.create");
    this.#state("thinking");
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#microphone.close();
    this.#player.close();
    this.#session.close();
  }

  #send({ pcm, peak }) {
    const isSilent = this.#isMuted || this.#isManual && !this.#isHolding;
    this.#tell("level", { side: "you", peak: isSilent ? 0 : peak, seconds: pcm.length / wireRate });
    if (this.#isManual && !this.#isHolding) return;
    if (this.#isMuted) pcm.fill(0); // time goes on for who listens
    this.#session.sendSound(pcm);
    this.#sent += pcm.length;
    this.#sentAt = performance.now();
  }

  #listenToServer() {
    const on = (type, handle) => this.#session.addEventListener(type, ({ detail }) => handle(detail));
    on("session.created", () => this.#session.configure(true));
    on("session.updated", ({ session }) => {
      this.#isGuided = session?.x_playback === true;
      if (this.#playing === null) this.#state("listening");
    });
    on("input_audio_buffer.speech_started", () => {
      if (this.#playing === null) this.#state("listening");
      else if (!this.#isGuided) this.#cut(); // nobody else will say whether this is an interruption
    });
    on("input_audio_buffer.speech_stopped", ({ audio_end_ms: end }) => {
      this.#turn = { end: this.#sentAt - (this.#sent / wireRate * 1000 - end), stages: {} };
    });
    on("input_audio_buffer.committed", ({ item_id: id }) => {
      this.#mark("end_of_turn");
      if (!this.#heard.has(id)) this.#hear(id, "", false);
      if (this.#playing === null) this.#state("thinking");
    });
    on("conversation.item.input_audio_transcription.delta", ({ item_id: id, delta }) => this.#hear(id, (this.#heard.get(id) ?? "") + delta, false));
    on("conversation.item.input_audio_transcription.completed", ({ item_id: id, transcript }) => {
      this.#mark("transcript");
      this.#hear(id, transcript.trim(), true);
      if (transcript.trim() === "" && this.#playing === null) this.#state("listening");
    });
    on("conversation.item.input_audio_transcription.failed", ({ item_id: id, error }) => {
      this.#hear(id, this.#heard.get(id) ?? "", true);
      this.#tell("problem", { message: error?.message ?? "What you said could not be recognised." });
    });
    on("conversation.item.deleted", ({ item_id: id }) => this.#tell("deleted", { id }));

    on("response.output_audio_transcript.delta", event => this.#addText(event));
    on("response.output_text.delta", event => this.#addText(event));
    on("response.output_audio.delta", event => this.#addSound(event));
    on("response.output_audio.done", ({ item_id: id }) => {
      const entry = this.#answers.get(id);
      if (!entry || entry.state === "cut") return;
      entry.answer.isComplete = true;
      this.#player.end(id);
    });
    on("response.done", ({ response }) => this.#responseDone(response));
    on("output_audio_buffer.cleared", () => this.#cut());
    on("conversation.item.truncated", ({ item_id: id }) => {
      const entry = this.#answers.get(id);
      if (!entry) return;
      entry.isTruncated = true;
      if (this.#playing === id) this.#cut();
      // The server knows to the word what the history keeps.
      if (!this.#isGuided) this.#session.send("conversation.item.retrieve", { item_id: id });
    });
    on("conversation.item.retrieved", ({ item }) => {
      const kept = item.content?.find(part => typeof part.transcript === "string")?.transcript;
      if (kept !== undefined) this.#keep(item.id, kept);
    });
    on("x_playback.interrupted", ({ item_id: id, heard }) => this.#keep(id, heard));
    on("x_playback.pause", () => {
      this.#player.pause();
      this.#report("paused");
      this.#state("listening");
    });
    on("x_playback.resume", () => {
      this.#player.resume();
      if (this.#playing !== null) this.#state("speaking");
    });
    on("x_metrics.turn", ({ stages }) => {
      if (this.#turn === null) return;
      for (const { name, ms } of stages) this.#turn.server = { ...this.#turn.server, [name.replaceAll(" ", "_")]: ms };
      this.#tellTurn();
    });

    on("error", ({ error }) => {
      // A cancel or a truncate may cross with the end of what it means; nobody needs to hear of that.
      if (/not_active|no_active|truncat/.test(error?.code ?? "")) return;
      this.#tell("problem", { message: error?.message ?? "The server reports an error without words." });
    });
    on("closed", detail => {
      if (this.#isClosed) return;
      this.close();
      this.#tell("closed", detail);
    });
  }

  #listenToPlayer() {
    const on = (type, handle) => this.#player.addEventListener(type, ({ detail }) => handle(detail));
    on("started", ({ id }) => {
      this.#playing = id;
      this.#reported = 0;
      this.#state("speaking");
      if (this.#turn && !("first_heard" in this.#turn.stages)) {
        this.#turn.to = performance.now() + outputLatency() * 1000;
        this.#mark("first_heard", this.#turn.to);
        this.#tellTurn();
      }
    });
    on("played", ({ id, played, peak }) => {
      const entry = this.#answers.get(id);
      if (!entry || played === entry.played) return;
      this.#tell("level", { side: "parley", peak, seconds: played - entry.played });
      entry.played = played;
      entry.answer.heard = Math.max(0, played - outputLatency());
      this.#show(id, entry.state);
      if (performance.now() - this.#reported >= reportEvery) this.#report();
    });
    on("ended", ({ id, played }) => {
      const entry = this.#answers.get(id);
      if (!entry) return;
      entry.played = entry.answer.heard = played;
      this.#report("stopped");
      this.#playing = null;
      entry.state = "finished";
      this.#show(id, "finished");
      this.#state("listening");
    });
    on("cut", ({ id, played }) => {
      this.#playing = null;
      for (const [item, entry] of this.#answers) {
        if (entry.state !== "playing") continue;
        entry.state = "cut";
        if (item === id) entry.played = entry.answer.heard = played;
        const ms = Math.round(entry.played * 1000);
        if (this.#isGuided) this.#session.send("x_playback.position", { item_id: item, audio_ms: ms, state: "stopped" });
        else if (!entry.isTruncated) this.#session.send("conversation.item.truncate", { item_id: item, content_index: 0, audio_end_ms: ms });
        this.#show(item, "cut");
      }
      this.#tell("cut");
    });
  }

  #addText({ item_id: id, delta }) {
    const entry = this.#entry(id);
    if (entry.state === "cut") return;
    this.#mark("first_token");
    entry.answer.addText(delta);
    this.#show(id, entry.state);
  }

  #addSound({ item_id: id, delta }) {
    const entry = this.#entry(id);
    if (entry.state === "cut") return; // it crossed with the cut
    this.#mark("first_sound");
    const pcm = entry.bytes.push(fromBase64(delta));
    entry.hasSound = true;
    entry.answer.addSound(pcm.length / wireRate);
    this.#player.push(id, pcm, wireRate);
    this.#tell("ahead", { pcm });
  }

  #entry(id) {
    if (!this.#answers.has(id)) this.#answers.set(id, { answer: new Answer(), bytes: new Pcm16Bytes(), played: 0, state: "playing", hasSound: false, isTruncated: false });
    return this.#answers.get(id);
  }

  #responseDone({ status, status_details: details, output }) {
    if (status === "cancelled" && details?.reason !== "client_cancelled") this.#cut();
    if (status === "failed") this.#tell("problem", { message: details?.error?.message ?? "The answer failed; the server's log says why." });
    if (status === "incomplete" && details?.reason === "content_filter") this.#tell("problem", { message: "The guard kept the rest of the answer back." });
    for (const { id } of output ?? []) {
      const entry = this.#answers.get(id);
      if (!entry || entry.hasSound || entry.state !== "playing") continue;
      entry.answer.isComplete = true;
      entry.state = "finished"; // words without sound are read at once
      this.#show(id, "finished");
    }
    if (this.#playing === null && ![...this.#answers.values()].some(entry => entry.state === "playing")) this.#state("listening");
  }

  #cut() {
    this.#player.cut();
  }

  #hear(id, text, isFinal) {
    this.#heard.set(id, text);
    this.#tell("heard", { id, text, isFinal });
  }

  #show(id, state) {
    this.#tell("answer", { id, answer: this.#answers.get(id).answer, state });
  }

  /** The words of an answer that the history keeps, now that it was interrupted. */
  #keep(id, words) {
    const entry = this.#answers.get(id);
    if (!entry) return;
    entry.answer.keep(words);
    if (entry.state === "cut") this.#show(id, "cut");
  }

  /** Tells the server how far the answer was played. @param {"playing" | "paused" | "stopped"} state */
  #report(state = "playing") {
    this.#reported = performance.now();
    if (this.#isGuided && this.#playing !== null)
      this.#session.send("x_playback.position", { item_id: this.#playing, audio_ms: Math.round(this.#answers.get(this.#playing).answer.heard * 1000), state });
  }

  #mark(stage, at = performance.now()) {
    if (this.#turn && !(stage in this.#turn.stages)) this.#turn.stages[stage] = at - this.#turn.end;
  }

  /** The server's own measurements where it gives them, ours for what only the page knows. */
  #tellTurn() {
    const { end, to, stages, server } = this.#turn;
    if (to !== undefined) this.#tell("turn", { from: end, to, stages: { ...stages, ...server, first_heard: stages.first_heard } });
  }

  #state(state) {
    this.#tell("state", { state });
  }

  #tell(type, detail) {
    if (!this.#isClosed || type === "closed") this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
