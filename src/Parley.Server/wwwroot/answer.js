/**
 * One answer while it arrives and sounds: its words, how much of its sound came, how much was heard. Which words those are is
 * taken from when they came: text that arrived between two stretches of sound is spoken in the later one, evenly by its letters.
 */
export class Answer {
  text = "";
  received = 0; // seconds of sound
  heard = 0; // seconds
  isComplete = false;
  /** Letters that were heard, once the server has said so; null while it is an estimate. */
  #kept = null;
  #spans = []; // { from, to, start, end }: letters, seconds

  addText(delta) {
    const last = this.#spans.at(-1);
    if (last && last.start === this.received) last.to += delta.length;
    else this.#spans.push({ from: this.text.length, to: this.text.length + delta.length, start: this.received });
    this.text += delta;
  }

  addSound(seconds) {
    this.received += seconds;
  }

  /** The server's final word on what was heard. @param {string} transcript the beginning that the history keeps */
  keep(transcript) {
    const kept = transcript.trimEnd();
    this.#kept = this.text.startsWith(kept) ? kept.length : commonLength(this.text, kept);
  }

  /** Letters of `text` that have been heard. */
  get heardLetters() {
    if (this.#kept !== null) return this.#kept;
    const finished = this.isComplete && this.heard >= this.received - 0.02;
    if (finished || this.#spans.length === 0) return this.text.length;
    let letters = 0;
    this.#spans.forEach((span, i) => {
      const next = this.#spans[i + 1];
      // The end of the last one is not known while it grows; people say about fifteen letters a second.
      const guess = span.start + (span.to - span.from) / 15;
      const end = next?.start ?? (this.isComplete ? this.received : Math.max(this.received, guess));
      const share = end > span.start ? Math.max(0, Math.min(1, (this.heard - span.start) / (end - span.start))) : 0;
      letters = share > 0 ? span.from + share * (span.to - span.from) : letters;
    });
    // Whole words only: a word is heard when its end is.
    const upTo = Math.floor(letters);
    if (upTo >= this.text.length) return this.text.length;
    const space = this.text.lastIndexOf(" ", upTo);
    return Math.max(0, space);
  }
}

function commonLength(a, b) {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}
