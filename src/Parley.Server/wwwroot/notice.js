import { make } from "./dialogue.js";

/** The one place where the page says what went wrong, and what to do. */
const place = document.getElementById("notice");

/** @param {string} text @param {string} [action] label of a button @param {() => void} [act] */
export function showNotice(text, action, act) {
  const words = make("div");
  words.append(make("p", "", text));
  show(words, action ?? "Close", act);
}

export function hideNotice() {
  place.hidden = true;
}

/** Why there is no microphone over plain HTTP, and what the browser will say about our certificate. */
export async function showInsecure() {
  const why = "Browsers give the microphone only to pages that came over HTTPS or from localhost. This one came over plain HTTP. ";
  const port = await fetch("health").then(answer => answer.json()).then(health => health.https_port, () => undefined);
  if (port === undefined) {
    showNotice(`${why}This server has no HTTPS of its own (http.https, --https-port); open the page over HTTPS if there is a proxy before it, or from the machine itself.`);
    return;
  }
  const secure = new URL(location.href);
  secure.protocol = "https:";
  secure.port = port;
  const words = make("div");
  const first = make("p", "", `${why}Open `);
  const link = make("a", "", secure.origin + "/");
  link.href = secure.origin + "/";
  first.append(link, " instead.");
  words.append(first, make("p", "", "The browser will warn you once: nobody it knows has signed the certificate, because this server made it itself, for its own names and addresses. "
    + "The connection is encrypted all the same. If the address is the one of your own machine, choose Advanced and then Proceed (Chrome, Edge), Accept the risk (Firefox), or Show details and visit this website (Safari)."));
  show(words, "Close");
}

function show(words, action, act) {
  const button = make("button", "", action);
  button.type = "button";
  button.addEventListener("click", () => {
    hideNotice();
    act?.();
  });
  place.replaceChildren(words, button);
  place.hidden = false;
}
