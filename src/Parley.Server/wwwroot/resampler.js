/**
 * Converts a stream of mono samples between two whole-number rates: a windowed sinc (Kaiser window, beta 8) in polyphase form, so
 * that every ratio is exact and nothing drifts. The same code runs in the capture worklet and on the page.
 */
export class Resampler {
  static #lobes = 16; // zero crossings on each side, at the lower rate

  /** @param {number} from rate of what is pushed, in Hz @param {number} to rate of what comes back, in Hz */
  constructor(from, to) {
    const divisor = gcd(from, to);
    this.up = to / divisor;
    this.down = from / divisor;
    const cutoff = Math.min(1, to / from) * 0.95; // share of the input's Nyquist frequency
    this.half = Math.ceil(Resampler.#lobes / Math.min(1, to / from));
    this.taps = 2 * this.half;
    this.weights = this.up === this.down ? null : kernel(this.up, this.half, cutoff);
    this.kept = new Float32Array(this.half - 1); // silence before the first sample
    this.at = 0; // position of the next output, in 1/up of an input sample after the start of `kept`
  }

  /** @param {Float32Array} input @returns {Float32Array} as many samples as can be made of what came so far */
  push(input) {
    if (this.weights === null) return input;
    const { up, down, taps, weights } = this;
    const line = new Float32Array(this.kept.length + input.length);
    line.set(this.kept);
    line.set(input, this.kept.length);
    const count = Math.max(0, Math.floor(((line.length - taps) * up - this.at) / down) + 1);
    const output = new Float32Array(count);
    for (let n = 0; n < count; n++) {
      const start = Math.floor(this.at / up);
      const phase = (this.at % up) * taps;
      let sum = 0;
      for (let k = 0; k < taps; k++) sum += line[start + k] * weights[phase + k];
      output[n] = sum;
      this.at += down;
    }
    const used = Math.min(Math.floor(this.at / up), line.length);
    this.kept = line.slice(used);
    this.at -= used * up;
    return output;
  }

  /** @returns {Float32Array} the tail that waited for samples to come */
  flush() {
    return this.weights === null ? new Float32Array(0) : this.push(new Float32Array(this.half));
  }
}

function kernel(up, half, cutoff) {
  const taps = 2 * half;
  const weights = new Float32Array(up * taps);
  for (let phase = 0; phase < up; phase++) {
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const x = k - (half - 1) - phase / up;
      const weight = Math.abs(x) >= half ? 0 : sinc(cutoff * x) * bessel(8 * Math.sqrt(1 - (x / half) ** 2));
      weights[phase * taps + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < taps; k++) weights[phase * taps + k] /= sum; // a constant stays that constant
  }
  return weights;
}

const sinc = x => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const gcd = (a, b) => (b === 0 ? a : gcd(b, a % b));

/** The modified Bessel function of the first kind and order 0. */
function bessel(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 40; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
