import { Resampler } from "./resampler.js";

/** Hears the microphone at the device's rate and hands on 16-bit samples at the asked rate, in even chunks with their peak. */
class Capture extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate, chunk } }) {
    super();
    this.resampler = new Resampler(sampleRate, rate); // the real rate of this device, whatever it is
    this.chunk = new Int16Array(chunk);
    this.filled = 0;
    this.isDone = false;
    this.port.onmessage = () => { this.isDone = true; };
  }

  process([channels]) {
    // A microphone that gives nothing is silence: time goes on, and who listens must know that nobody speaks.
    const samples = this.resampler.push(channels[0] ?? new Float32Array(128));
    for (const sample of samples) {
      this.chunk[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32767)));
      if (this.filled === this.chunk.length) this.#send();
    }
    return !this.isDone;
  }

  #send() {
    let peak = 0;
    for (const sample of this.chunk) peak = Math.max(peak, Math.abs(sample));
    const pcm = this.chunk;
    this.chunk = new Int16Array(pcm.length);
    this.filled = 0;
    this.port.postMessage({ pcm, peak: peak / 32768 }, [pcm.buffer]);
  }
}

registerProcessor("parley-capture", Capture);
