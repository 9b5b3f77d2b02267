/**
 * Plays samples of the device's rate in the order they come, and counts, stream by stream, how many it really gave to the
 * loudspeaker. A cut or a pause falls silent within 5 ms.
 */
class Playback extends AudioWorkletProcessor {
  // Seconds gathered before a stream begins. After each gap in it twice as much, so that a slow server is heard with a pause and not as stutter.
  static #prebuffer = 0.06;
  static #longestPrebuffer = 0.5;
  static #fade = 0.005;
  static #report = 0.02;

  constructor() {
    super();
    this.queue = []; // { id, samples, offset } and, as the end of a stream, { id }
    this.queued = 0;
    this.played = 0; // samples of the stream that plays
    this.id = null;
    this.gain = 0;
    this.isPaused = false;
    this.isCut = false;
    this.isFlowing = false;
    this.gaps = 0;
    this.prebuffer = Playback.#prebuffer;
    this.peak = 0;
    this.sinceReport = 0;
    this.isDone = false;
    this.port.onmessage = ({ data }) => this.#take(data);
  }

  #take(message) {
    switch (message.type) {
      case "push":
        if (this.isCut) this.#drop(); // what comes after a cut is new
        this.queue.push({ id: message.id, samples: message.samples, offset: 0 });
        this.queued += message.samples.length;
        break;
      case "end":
        this.queue.push({ id: message.id });
        break;
      case "cut":
        if (this.gain > 0 && this.queued > 0) this.isCut = true;
        else this.#drop();
        break;
      case "pause":
        this.isPaused = true;
        break;
      case "resume":
        this.isPaused = false;
        break;
      case "close":
        this.isDone = true;
        break;
    }
  }

  #drop() {
    const dropped = this.queued;
    this.queue.length = 0;
    this.queued = 0;
    this.isCut = this.isFlowing = this.isPaused = false;
    this.gain = 0;
    this.port.postMessage({ type: "cut", id: this.id, played: this.played / sampleRate, dropped: dropped / sampleRate });
  }

  process(_, [[output]]) {
    const step = 1 / (Playback.#fade * sampleRate);
    this.#decideFlow();
    for (let i = 0; i < output.length; i++) {
      const silencing = this.isCut || this.isPaused;
      if (silencing && this.gain <= 0) {
        if (this.isCut) this.#drop();
        break;
      }
      if (!this.isFlowing) break;
      const head = this.#head();
      if (head === null) break;
      this.gain = silencing ? Math.max(0, this.gain - step) : Math.min(1, this.gain + step);
      const sample = head.samples[head.offset++];
      output[i] = sample * this.gain;
      this.queued--;
      this.played++;
      this.peak = Math.max(this.peak, Math.abs(output[i]));
    }
    this.#tell(output.length);
    return !this.isDone;
  }

  /** The chunk that gives the next sample; null where there is none, which ends the stream or is a gap in it. */
  #head() {
    while (this.queue.length > 0) {
      const head = this.queue[0];
      if (head.samples === undefined) {
        this.queue.shift();
        this.port.postMessage({ type: "ended", id: head.id, played: head.id === this.id ? this.played / sampleRate : 0, gaps: this.gaps / sampleRate });
        if (this.queue.length === 0) {
          this.isFlowing = false;
          this.gain = 0;
        }
        continue;
      }
      if (head.id !== this.id) {
        this.id = head.id;
        this.played = 0;
        this.gaps = 0;
        this.prebuffer = Playback.#prebuffer;
        this.port.postMessage({ type: "started", id: head.id, at: currentTime });
      }
      if (head.offset < head.samples.length) return head;
      this.queue.shift();
    }
    if (this.isFlowing) {
      this.isFlowing = false; // it ran dry
      this.prebuffer = Math.min(Playback.#longestPrebuffer, 2 * this.prebuffer);
    }
    return null;
  }

  #decideFlow() {
    if (this.isFlowing || this.isPaused || this.queue.length === 0) {
      if (!this.isFlowing && !this.isPaused && this.id !== null && this.played > 0 && this.queue.length === 0) this.gaps += 128;
      return;
    }
    const hasEnd = this.queue.some(entry => entry.samples === undefined);
    this.isFlowing = hasEnd || this.queued >= this.prebuffer * sampleRate;
    if (!this.isFlowing && this.played > 0) this.gaps += 128;
  }

  #tell(frames) {
    this.sinceReport += frames;
    if (this.sinceReport < Playback.#report * sampleRate) return;
    this.port.postMessage({ type: "played", id: this.id, played: this.played / sampleRate, queued: this.queued / sampleRate, peak: this.peak, seconds: this.sinceReport / sampleRate, at: currentTime });
    this.sinceReport = 0;
    this.peak = 0;
  }
}

registerProcessor("parley-playback", Playback);
