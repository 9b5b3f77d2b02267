import { settings } from "./settings.js";

/** A refusal by the server, in its own words, which are written for people. */
export class ServerFault extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {string} path relative to the page @param {RequestInit} options */
export async function request(path, options = {}) {
  const headers = new Headers(options.headers);
  if (settings.key) headers.set("Authorization", `Bearer ${settings.key}`);
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new ServerFault(0, "The server does not answer. Does it still run?");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  if (response.status === 401) window.dispatchEvent(new Event("key-needed"));
  throw new ServerFault(response.status, body?.error?.message ?? `The server answered ${response.status}.`);
}

export const getJson = async path => (await request(path)).json();

/** The events of an event stream, as `{ type, data }` with data parsed. @param {Response} response */
export async function* events(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const data = lines.filter(line => line.startsWith("data:")).map(line => line.slice(5).trimStart()).join("\n");
      if (data.length === 0) continue; // a comment that keeps the connection open
      yield { type: lines.find(line => line.startsWith("event:"))?.slice(6).trim() ?? "message", data: JSON.parse(data) };
    }
  }
}

/** What the server has: engines by task, and voices. */
export async function loadCatalogue() {
  const [models, voices] = await Promise.all([getJson("v1/models"), getJson("v1/audio/voices")]);
  const engines = models.data.filter(model => !model.alias_of);
  const of = task => engines.filter(engine => engine.task === task);
  return { speakers: of("text-to-speech"), ears: of("automatic-speech-recognition"), brains: of("chat"), voices: voices.voices };
}

/** Whether a WebSocket could not be opened because of the key, the route or the network; browsers do not say. */
export async function whyNoSocket() {
  try {
    await getJson("v1/models");
    return "The server does not offer conversations (/v1/realtime did not open).";
  } catch (fault) {
    return fault.message;
  }
}
