/** What the visitor chose, kept in this browser. Where storage is closed (private windows), it lives as long as the page. */
const name = "parley.settings";
const initial = { theme: "", key: "", engine: "", voice: "", brain: "", ear: "", language: "", turn: "auto", instructions: "", announce: true };

let values = { ...initial, ...read() };

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(name) ?? "{}");
    return Object.fromEntries(Object.entries(kept).filter(([key, value]) => typeof value === typeof initial[key]));
  } catch {
    return {};
  }
}

export const settings = new Proxy({}, {
  get: (_, key) => values[key],
  set: (_, key, value) => {
    values[key] = value;
    try {
      localStorage.setItem(name, JSON.stringify(values));
    } catch {
      // Nothing to do: it holds until the page is closed.
    }
    return true;
  },
});

export function forget() {
  values = { ...initial };
  try {
    localStorage.removeItem(name);
  } catch {
    // It was never kept.
  }
}
