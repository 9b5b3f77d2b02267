import { loadCatalogue } from "./api.js";
import { watchHealth } from "./health.js";
import * as listen from "./listen.js";
import { showNotice } from "./notice.js";
import { forget, settings } from "./settings.js";
import * as speak from "./speak.js";
import { score, settingsChanged } from "./talk.js";

const $ = id => document.getElementById(id);

/* Tabs, as the ARIA pattern has them: arrows move, Home and End go to the ends; the address remembers. */

const tabs = [...document.querySelectorAll("[role=tab]")];

function select(tab, isByKey = false) {
  for (const other of tabs) {
    const isChosen = other === tab;
    other.setAttribute("aria-selected", isChosen);
    other.tabIndex = isChosen ? 0 : -1;
    $(other.getAttribute("aria-controls")).hidden = !isChosen;
  }
  if (isByKey) tab.focus();
  history.replaceState(null, "", `#${tab.getAttribute("aria-controls")}`);
}

for (const tab of tabs) {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", ({ key }) => {
    const at = tabs.indexOf(tab);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[key];
    if (next !== undefined) select(tabs.at(next % tabs.length), true);
  });
}

const fromAddress = () => tabs.find(tab => location.hash === `#${tab.getAttribute("aria-controls")}`);
if (fromAddress()) select(fromAddress());
window.addEventListener("hashchange", () => { if (fromAddress()) select(fromAddress()); });

/* Light and dark */

const system = matchMedia("(prefers-color-scheme: dark)");

function showTheme() {
  if (settings.theme) document.documentElement.dataset.theme = settings.theme;
  else delete document.documentElement.dataset.theme;
  const isDark = settings.theme ? settings.theme === "dark" : system.matches;
  $("theme").setAttribute("aria-label", isDark ? "Use the light theme" : "Use the dark theme");
  score.recolour();
  window.dispatchEvent(new Event("resize"));
}

$("theme").addEventListener("click", () => {
  const isDark = settings.theme ? settings.theme === "dark" : system.matches;
  settings.theme = isDark ? "light" : "dark";
  showTheme();
});
system.addEventListener("change", showTheme);
showTheme();

/* Settings */

const drawer = $("settings");
const turnNotes = {
  auto: "A small model listens for it.", high: "It answers faster and interrupts more.", low: "It waits up to eight seconds.",
  silence: "Plain voice activity, no model.", manual: "Nothing is sent while the key is up.",
};
let catalogue = null;

function showSettings() {
  $("set-key").value = settings.key;
  $("set-instructions").value = settings.instructions;
  $("set-announce").checked = settings.announce;
  $("set-turn").value = settings.turn in turnNotes ? settings.turn : "auto";
  $("turn-note").textContent = turnNotes[$("set-turn").value];
  if (!catalogue) return;
  const options = engines => [new Option("The server's choice", ""), ...engines.map(engine => new Option(engine.id, engine.id))];
  fill("set-engine", options(catalogue.speakers), settings.engine);
  fill("set-brain", options(catalogue.brains), settings.brain);
  fill("set-ear", options(catalogue.ears), settings.ear);
  showVoices();
  listen.fillLanguages($("set-language"), catalogue.ears, "Found out");
  $("set-language").value = settings.language;
}

function showVoices() {
  speak.fillVoices($("set-voice"), catalogue, settings.engine, settings.voice);
  if (settings.engine !== "") return;
  $("set-voice").prepend(new Option("The server's choice", ""));
  $("set-voice").value = settings.voice;
}

function fill(id, options, chosen) {
  $(id).replaceChildren(...options);
  $(id).value = chosen;
  if ($(id).selectedIndex < 0) $(id).value = ""; // it was there once
}

const bound = { "set-voice": "voice", "set-brain": "brain", "set-ear": "ear", "set-language": "language", "set-turn": "turn", "set-instructions": "instructions" };
for (const [id, key] of Object.entries(bound)) {
  $(id).addEventListener("change", ({ target }) => {
    settings[key] = target.value;
    $("turn-note").textContent = turnNotes[settings.turn];
    settingsChanged();
  });
}
$("set-engine").addEventListener("change", ({ target }) => {
  settings.engine = target.value;
  settings.voice = "";
  showVoices();
  settings.voice = $("set-voice").value;
});
$("set-announce").addEventListener("change", ({ target }) => { settings.announce = target.checked; });
$("set-key").addEventListener("change", ({ target }) => {
  settings.key = target.value.trim();
  load();
});
$("forget").addEventListener("click", () => {
  forget();
  showSettings();
  showTheme();
});
$("open-settings").addEventListener("click", openSettings);
// A click beside the drawer closes it, as Escape does.
drawer.addEventListener("click", ({ target }) => { if (target === drawer) drawer.close(); });

function openSettings() {
  showSettings();
  if (!drawer.open) drawer.showModal();
}

window.addEventListener("key-needed", () => {
  if (!$("key-field").hidden) return;
  $("key-field").hidden = false;
  showNotice(settings.key ? "The server does not take the API key that is kept here." : "This server needs an API key.", "Enter it", () => {
    openSettings();
    $("set-key").focus();
  });
});

async function load() {
  try {
    catalogue = await loadCatalogue();
    speak.showCatalogue(catalogue);
    listen.showCatalogue(catalogue);
    showSettings();
    $("notice").hidden = true;
  } catch (fault) {
    if (fault.status !== 401) showNotice(fault.message, "Try again", load);
    else $("key-field").hidden = false;
  }
  if (settings.key) $("key-field").hidden = false;
}

$("base").textContent = new URL("v1", location.href).href;
watchHealth($("badges"), () => !$("talk").hidden);
load();
