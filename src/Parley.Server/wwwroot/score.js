/**
 * Two voices on one line. Time runs to the left; in the middle is now. Above the line is your voice, below it Parley's; to the
 * right of now stands what has come of the answer and is yet to be heard. What was cut off stays behind as an outline.
 */
const pixelsPerSecond = 80;
const barSeconds = 0.05;
const lostFades = 3; // seconds after which the outline of what was cut off is gone
const keptSeconds = 30;

export class Score {
  #canvas;
  #yours = []; // { slot, peak }
  #parleys = [];
  #gaps = []; // { from, to }: the silence between
  #lost = []; // { at, peaks, seconds }
  #ahead = []; // { seconds, peak }
  #now = () => performance.now() / 1000;
  #frame = 0;
  #colours = null;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #lastDrawn = 0;
  #isRunning = false;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  start() {
    for (const list of [this.#yours, this.#parleys, this.#gaps, this.#lost, this.#ahead]) list.length = 0;
    this.#isRunning = true;
    this.#loop();
  }

  stop() {
    this.#isRunning = false;
    cancelAnimationFrame(this.#frame);
    this.#ahead.length = 0;
    this.draw();
  }

  hear(peak, seconds) { this.#push(this.#yours, peak, seconds); }

  /** A stretch of the answer has been played. */
  play(peak, seconds) {
    this.#push(this.#parleys, peak, seconds);
    let left = seconds;
    while (left > 0 && this.#ahead.length > 0) {
      const first = this.#ahead[0];
      const used = Math.min(left, first.seconds);
      first.seconds -= used;
      left -= used;
      if (first.seconds <= 1e-6) this.#ahead.shift();
    }
  }

  /** A stretch of the answer has come. @param {Int16Array} pcm */
  expect(pcm, rate) {
    const step = Math.round(rate * barSeconds);
    for (let i = 0; i < pcm.length; i += step) {
      let peak = 0;
      const end = Math.min(pcm.length, i + step);
      for (let k = i; k < end; k++) peak = Math.max(peak, Math.abs(pcm[k]));
      this.#ahead.push({ seconds: (end - i) / rate, peak: peak / 32768 });
    }
  }

  /** What was to come will not. */
  cut() {
    if (this.#ahead.length > 0) this.#lost.push({ at: this.#now(), pieces: this.#ahead.splice(0) });
  }

  /** The silence between your last word and the first sound of the answer. Both in seconds of performance.now(). */
  gap(from, to) {
    if (this.#gaps.at(-1)?.from !== from) this.#gaps.push({ from, to });
  }

  recolour() {
    this.#colours = null;
    this.draw();
  }

  /** Bars stand on a grid of time. A voice keeps its own clock, so that stretches which come in bursts are drawn as they sound. */
  #push(list, peak, seconds) {
    const now = this.#now();
    const end = Math.abs((list.end ?? 0) + seconds - now) < 0.25 ? list.end + seconds : now;
    list.end = end;
    const slot = Math.floor((end - seconds / 2) / barSeconds);
    const last = list.at(-1);
    if (last && last.slot >= slot) last.peak = Math.max(last.peak, peak);
    else list.push({ slot, peak });
    while ((list[0].slot + 1) * barSeconds < now - keptSeconds) list.shift();
  }

  #loop() {
    if (!this.#isRunning) return;
    this.#frame = requestAnimationFrame(time => {
      // With reduced motion the picture steps on twice a second instead of gliding.
      if (!this.#calm.matches || time - this.#lastDrawn > 500) {
        this.#lastDrawn = time;
        this.draw();
      }
      this.#loop();
    });
  }

  draw() {
    const { context: c, width, height } = fit(this.#canvas);
    if (c === null) return;
    this.#colours ??= readColours(this.#canvas);
    const { you, parley, rule, soft, paper } = this.#colours;
    const middle = Math.round(height / 2);
    const reach = height / 2 - 10;
    c.clearRect(0, 0, width, height);
    c.strokeStyle = rule;
    c.lineWidth = 1;
    line(c, 0, middle + 0.5, width, middle + 0.5);
    if (!this.#isRunning && this.#yours.length === 0) {
      this.#drawPromise(c, width, middle, reach);
      return;
    }
    const now = this.#now();
    const centre = width / 2;
    const x = at => centre + (at - now) * pixelsPerSecond;
    bars(c, this.#yours, you, x, middle - 2, -1, reach);
    bars(c, this.#parleys, parley, x, middle + 3, 1, reach);
    let ahead = now;
    c.globalAlpha = 0.38;
    for (const piece of this.#ahead) {
      bar(c, parley, x(ahead), middle + 3, tall(piece.peak, reach));
      ahead += piece.seconds;
      if (x(ahead) > width) break;
    }
    for (const { at, pieces } of this.#lost) {
      let then = at;
      c.strokeStyle = parley;
      c.globalAlpha = 0.4 * Math.max(0, 1 - (now - at) / lostFades);
      c.beginPath();
      for (const piece of pieces) {
        const left = x(then);
        then += piece.seconds;
        if (left > width) break;
        if (left < -10) continue;
        const size = tall(piece.peak, reach);
        c.moveTo(left, middle + 3 + size * 0.8);
        c.lineTo(left, middle + 3 + size);
      }
      c.stroke();
      c.globalAlpha = 0.9;
      c.strokeStyle = you;
      line(c, x(at), middle + 4, x(at), middle + reach * 0.9);
    }
    c.globalAlpha = 1;
    c.font = "600 11px Inter, system-ui, sans-serif";
    c.textAlign = "center";
    for (const { from, to } of this.#gaps) {
      const left = x(from);
      const right = x(to);
      if (right < 0) continue;
      c.strokeStyle = soft;
      c.fillStyle = soft;
      c.lineWidth = 1.5;
      line(c, left, middle - 5, left, middle + 6);
      line(c, right, middle - 5, right, middle + 6);
      line(c, left, middle + 0.5, right, middle + 0.5);
      const label = `${Math.round((to - from) * 1000)} ms`;
      c.strokeStyle = paper; // a halo, so that it can be read over a voice
      c.lineWidth = 5;
      c.strokeText(label, (left + right) / 2, middle - 12);
      c.fillText(label, (left + right) / 2, middle - 12);
    }
  }

  /** Before anything was said: how it will look. A phrase, a breath, an answer. */
  #drawPromise(c, width, middle, reach) {
    const { you, parley } = this.#colours;
    const isNarrow = width < 640; // there the phrases begin behind the button
    const clear = isNarrow ? 20 : 108;
    const step = 6;
    const length = Math.min(width / 2 - clear - (isNarrow ? 0 : 110), 420);
    // Syllables of uneven strength under one arc, as a spoken phrase has them.
    const phrase = (t, syllables, seed) => {
      const at = t * syllables;
      const strength = 0.45 + 0.55 * Math.abs(Math.sin(Math.floor(at) * 12.9898 + seed));
      return Math.sin(Math.PI * (at % 1)) ** 0.8 * strength * Math.sin(Math.PI * Math.min(1, 0.12 + t * 0.88)) ** 0.5;
    };
    for (let s = 0; s < length; s += step) {
      const t = s / length;
      bar(c, you, width / 2 - clear - length + s, middle - 2, -(2 + phrase(t, 7, 0.4) * reach * 0.72));
      bar(c, parley, width / 2 + clear + s, middle + 3, 2 + phrase(t, 9, 3.3) * reach * 0.6);
    }
  }
}

/** A still waveform with a playhead: for the recordings of the other two tabs. */
export class Wave {
  #canvas;
  #side;
  #peaks = [];
  #share = 0;

  /** @param {HTMLCanvasElement} canvas @param {"you" | "parley"} side */
  constructor(canvas, side) {
    this.#canvas = canvas;
    this.#side = side;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  clear() { this.show([]); }

  /** @param {number[]} peaks 0 to 1, evenly over the whole */
  show(peaks) {
    this.#peaks = peaks;
    this.draw();
  }

  /** @param {number} share 0 to 1 of the whole that has been heard */
  seek(share) {
    this.#share = share;
    this.draw();
  }

  draw() {
    const { context: c, width, height } = fit(this.#canvas);
    if (c === null) return;
    const colours = readColours(this.#canvas);
    const isYou = this.#side === "you";
    const base = isYou ? height - 2.5 : 2.5;
    c.clearRect(0, 0, width, height);
    c.strokeStyle = colours.rule;
    c.lineWidth = 1;
    line(c, 0, base, width, base);
    const step = 4;
    const bars = Math.floor(width / step);
    for (let i = 0; i < bars && this.#peaks.length > 0; i++) {
      const from = Math.floor(i / bars * this.#peaks.length);
      const to = Math.max(from + 1, Math.floor((i + 1) / bars * this.#peaks.length));
      let peak = 0;
      for (let k = from; k < to; k++) peak = Math.max(peak, this.#peaks[k] ?? 0);
      c.globalAlpha = i / bars < this.#share ? 1 : 0.4;
      bar(c, colours[this.#side], i * step, base + (isYou ? -1 : 1), (isYou ? -1 : 1) * tall(peak, height - 8));
    }
    c.globalAlpha = 1;
  }
}

function fit(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext("2d");
  if (width === 0 || height === 0 || context === null) return { context: null };
  const scale = Math.min(3, window.devicePixelRatio || 1);
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { context, width, height };
}

function readColours(element) {
  const style = getComputedStyle(element);
  return Object.fromEntries(["you", "parley", "rule", "soft", "paper"].map(name => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** Speech lives in the lower third of the scale; the root brings its shape out. */
const tall = (peak, reach) => Math.max(1.5, Math.sqrt(peak) * reach * 0.9);

function bars(c, pieces, colour, x, base, direction, reach) {
  for (const { slot, peak } of pieces) {
    const left = x(slot * barSeconds);
    if (left > -8) bar(c, colour, left, base, direction * tall(peak, reach));
  }
}

function bar(c, colour, left, base, size) {
  c.strokeStyle = colour;
  c.lineWidth = 2;
  c.lineCap = "round";
  c.beginPath();
  c.moveTo(left, base);
  c.lineTo(left, base + size);
  c.stroke();
}

function line(c, x1, y1, x2, y2) {
  c.beginPath();
  c.moveTo(x1, y1);
  c.lineTo(x2, y2);
  c.stroke();
}
