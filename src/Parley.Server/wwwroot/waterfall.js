/** Draws what a turn took, from the last voiced sample on: one bar a stage, by time, each beginning where the one before ended. */
const parts = [
  { key: "end_of_turn", label: "Turn taken to be over", part: "wait" },
  { key: "transcript", label: "Words known", part: "ear" },
  { key: "first_token", label: "First word of the answer", part: "brain" },
  { key: "first_clause", label: "First clause", part: "brain" },
  { key: "first_sound", label: "First sound made", part: "voice" },
  { key: "first_heard", label: "First sound heard", part: "wait" },
];

const space = "http://www.w3.org/2000/svg";
const width = 360;
const row = 34;

/** @param {HTMLElement} place @param {Record<string, number>} stages milliseconds since the end of speech, by key */
export function drawWaterfall(place, stages) {
  const known = parts.filter(({ key }) => Number.isFinite(stages[key])).map(part => ({ ...part, at: Math.max(0, stages[part.key]) }))
    .sort((a, b) => a.at - b.at); // an answer may begin before the turn is over
  if (known.length === 0) {
    place.replaceChildren();
    return;
  }
  const total = Math.max(...known.map(({ at }) => at), 1);
  const x = ms => Math.min(width, ms / total * width);
  const svg = element("svg", { viewBox: `0 0 ${width} ${known.length * row}`, role: "img" });
  svg.setAttribute("aria-label", "The turn, in milliseconds after your last word: " + known.map(({ label, at }) => `${label.toLowerCase()} ${Math.round(at)}`).join(", ") + ".");
  let before = 0;
  known.forEach(({ label, part, at }, i) => {
    const y = i * row;
    const text = element("text", { x: 0, y: y + 12 });
    text.textContent = label;
    const ms = element("text", { class: "ms", x: width, y: y + 12 });
    ms.textContent = `${Math.round(at)} ms`;
    svg.append(text, ms,
      element("rect", { class: "track", x: 0, y: y + 18, width, height: 6, rx: 3 }),
      element("rect", { class: part, x: x(before), y: y + 18, width: Math.max(2.5, x(at) - x(before)), height: 6, rx: 3 }));
    before = at;
  });
  place.replaceChildren(svg);
}

function element(name, attributes) {
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
