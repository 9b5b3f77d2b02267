/** The words of a conversation, set like a play. Everything goes in as text, never as markup. */
export class Dialogue {
  #list;
  #announce;
  #turns = new Map(); // id → { item, words, side, ... }

  /** @param {HTMLOListElement} list @param {HTMLElement} announce live region for finished turns */
  constructor(list, announce) {
    this.#list = list;
    this.#announce = announce;
  }

  clear() {
    this.#list.replaceChildren();
    this.#announce.replaceChildren();
    this.#turns.clear();
  }

  has(id) {
    return this.#turns.has(id);
  }

  /** @param {"you" | "parley"} side @param {string} id */
  begin(side, id) {
    const item = make("li", side);
    item.append(make("span", "who", side === "you" ? "You" : "Parley"), make("p", "words"));
    this.#turns.set(id, { item, side });
    this.#list.append(item);
    this.#follow();
  }

  /** Words of yours, which may still change. @param {boolean} isFinal */
  hear(id, text, isFinal) {
    const { item } = this.#turns.get(id);
    item.classList.toggle("partial", !isFinal);
    const words = item.querySelector(".words");
    words.replaceChildren(text);
    if (!isFinal) words.append(make("span", "dots", " …"));
    this.#follow();
  }

  /** Words of an answer: heard, still to come, or never said. @param {"playing" | "finished" | "cut"} state */
  answer(id, text, heard, state) {
    const { item } = this.#turns.get(id);
    const end = heard + /^\s*/.exec(text.slice(heard))[0].length; // the line begins and ends at words
    const rest = text.slice(end);
    const words = [make("span", "heard", text.slice(0, end))];
    if (rest.length > 0) words.push(state === "cut" ? make("s", "cut", rest) : make("span", "ahead", rest));
    item.querySelector(".words").replaceChildren(...words);
    item.classList.toggle("interrupted", state === "cut");
    this.#follow();
  }

  /** A remark under a turn. */
  note(id, text) {
    const { item } = this.#turns.get(id) ?? {};
    if (!item) return;
    const aside = item.querySelector(".aside") ?? item.appendChild(make("p", "aside"));
    aside.textContent = text;
  }

  remove(id) {
    this.#turns.get(id)?.item.remove();
    this.#turns.delete(id);
  }

  /** Says a finished turn to screen readers. */
  announce(text) {
    this.#announce.append(make("p", "", text));
    while (this.#announce.childElementCount > 5) this.#announce.firstElementChild.remove();
  }

  // Stays at the end, unless the reader has scrolled up to read.
  #follow() {
    const list = this.#list;
    if (list.scrollHeight - list.scrollTop - list.clientHeight < 160) list.scrollTop = list.scrollHeight;
  }
}

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}
