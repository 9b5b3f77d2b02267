import { request } from "./api.js";
import { make } from "./dialogue.js";

/** The parts that work together, with how they do and how long they take. */
const roles = { transcription: "hears", "turn-detection": "takes turns", chat: "answers", guard: "watches", speech: "speaks" }; // in the order of a turn
const order = Object.keys(roles);
const every = 5000; // milliseconds

/** @param {HTMLElement} list @param {() => boolean} isSeen whether somebody looks at it */
export function watchHealth(list, isSeen) {
  const look = async () => {
    if (!document.hidden && isSeen()) await show(list).catch(() => {});
    setTimeout(look, every);
  };
  look();
}

async function show(list) {
  let health;
  try {
    health = await (await request("health")).json();
  } catch (fault) {
    const isGone = fault.status === 0;
    list.replaceChildren(badge({ role: "server", name: "The server", state: isGone ? "failed" : "loading", words: isGone ? "does not answer" : "is getting ready" }));
    return;
  }
  const components = [...health.components ?? []].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  list.replaceChildren(...components.map(component => badge({ ...component, words: latency(component) })));
}

function badge({ role, name, state, words }) {
  const item = make("li", state === "failed" || state === "degraded" ? state : state === "ready" ? "ready" : "");
  item.append(make("span", "dot"), make("span", "role", roles[role] ?? ""), make("span", "name", name), make("span", "latency", words));
  return item;
}

/** The middle latency of the last minutes, in the measure of the part; otherwise its state. */
function latency({ state, current, unit, reason }) {
  if (state === "failed" || state === "degraded") return reason ? `${state}: ${reason}` : state;
  if (!current) return { absent: "not loaded yet", loading: "loading", warming: "warming up" }[state] ?? state;
  return unit === "ms" ? `${Math.round(current.p50)} ms` : `${current.p50.toFixed(2)} × length`;
}
