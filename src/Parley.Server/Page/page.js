"use strict";

const $ = id => document.getElementById(id);
let key = "";

function headers(more = {}) {
  return key ? { ...more, Authorization: `Bearer ${key}` } : more;
}

// What the server says about a refusal is written for people; show it as it is.
async function checked(response) {
  if (response.ok) return response;
  if (response.status === 401) $("key-section").hidden = false;
  const body = await response.json().catch(() => null);
  throw new Error(body?.error?.message ?? `The server answered ${response.status}.`);
}

async function loadVoices() {
  const { voices } = await (await checked(await fetch("v1/audio/voices", { headers: headers() }))).json();
  $("voice").replaceChildren(...voices.map(voice => {
    const languages = voice.languages.join(", ");
    return new Option(`${voice.display_name} (${languages || voice.models.join(", ")})`, voice.id);
  }));
  const preferred = await (await checked(await fetch("v1/models?task=text-to-speech", { headers: headers() }))).json();
  const first = preferred.data.find(model => !model.alias_of)?.voices[0];
  if (first) $("voice").value = first;
}

async function run(form, status, work) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await work();
  } catch (fault) {
    status.textContent = fault.message;
  } finally {
    button.disabled = false;
  }
}

$("say").addEventListener("submit", event => {
  event.preventDefault();
  const status = $("say-status");
  run(event.target, status, async () => {
    status.textContent = "Speaking …";
    const response = await checked(await fetch("v1/audio/speech", {
      method: "POST",
      headers: headers({ "Content-Type": "application/json" }),
      body: JSON.stringify({ input: $("text").value, voice: $("voice").value, response_format: "wav" }),
    }));
    const seconds = response.headers.get("x-audio-seconds");
    URL.revokeObjectURL($("sound").src);
    $("sound").src = URL.createObjectURL(await response.blob());
    $("sound").hidden = false;
    status.textContent = `${seconds} seconds of speech.`;
    await $("sound").play().catch(() => { status.textContent += " Press play to hear it."; });
  });
});

$("hear").addEventListener("submit", event => {
  event.preventDefault();
  const status = $("hear-status");
  run(event.target, status, async () => {
    status.textContent = "Listening …";
    $("transcript").textContent = "";
    const form = new FormData();
    form.append("file", $("file").files[0]);
    form.append("response_format", "text");
    const response = await checked(await fetch("v1/audio/transcriptions", { method: "POST", headers: headers(), body: form }));
    const text = (await response.text()).trim();
    $("transcript").textContent = text;
    status.textContent = text ? "" : "No speech was found in it.";
  });
});

const target = $("hear").closest("section");
for (const name of ["dragover", "dragleave", "drop"]) {
  target.addEventListener(name, event => {
    event.preventDefault();
    target.classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length > 0) {
      $("file").files = event.dataTransfer.files;
      $("hear").requestSubmit();
    }
  });
}

$("key-use").addEventListener("click", () => {
  key = $("key").value.trim();
  loadVoices().then(() => { $("key-section").hidden = true; }, fault => { $("say-status").textContent = fault.message; });
});

$("base").textContent = new URL("v1", location.href).href;
loadVoices().catch(fault => { $("say-status").textContent = fault.message; });
