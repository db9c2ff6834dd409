/** A text that grows on the screen: plain at its end, rendered as soon as a block is whole. */

import { BlockScanner } from "./blocks.js";
import { dress } from "./dress.js";
import { fragmentOf, renderMarkdown, renderOnce } from "./html.js";

const PAUSE_MS = 120;
const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** @param {string} className */
function part(className) {
  const element = document.createElement("div");
  element.className = className;
  return element;
}

export class LiveMarkdown {
  #text = "";
  #scanner = new BlockScanner();
  #settled = part("markdown");
  #settledHtml = "";
  #settledEnd = 0;
  #recent = part("markdown");
  #recentEnd = 0;
  #tail = part("tail");
  #growing = document.createTextNode("");
  #ended = false;
  #busy = false;
  #done = false;
  #failed = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#tail.append(this.#growing);
    root.replaceChildren(this.#settled, this.#recent, this.#tail);
  }

  /** @param {string} text what has been added */
  push(text) {
    this.#text += text;
    this.#growing.appendData(text);
    this.#scanner.push(text);
    this.#markCode();
    void this.#pump();
  }

  /**
   * A text that is whole from the start.
   * @param {string} text
   */
  set(text) {
    this.#text = text;
    this.#growing.data = text;
    this.end();
  }

  /** The text is as long as it will be. */
  end() {
    this.#ended = true;
    void this.#pump();
  }

  get #behind() {
    if (this.#ended) return !this.#done;
    return !this.#failed && this.#scanner.finished > this.#recentEnd;
  }

  /** One request at a time, and a pause after each. */
  async #pump() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#behind) await (this.#ended ? this.#renderAll() : this.#renderFinished());
    } catch {
      // The plain text stays on the screen and says the same; the end tries once more.
      this.#failed = true;
    }
    this.#busy = false;
    if (this.#ended && !this.#done) void this.#pump();
  }

  async #renderFinished() {
    const { settled, finished } = this.#scanner;
    const added = await this.#render(this.#settledEnd, settled);
    const recent = await this.#render(settled, finished);
    this.#settledHtml += added;
    this.#settledEnd = settled;
    this.#settled.append(dress(fragmentOf(added)));
    this.#show(recent, finished);
    await pause();
  }

  /** What stands on the screen already stays as it is, so that a selection in it survives. */
  async #renderAll() {
    this.#done = true;
    const html = this.#text.trim() ? await renderOnce(this.#text) : "";
    const kept = html.startsWith(this.#settledHtml) ? this.#settledHtml.length : 0;
    if (!kept) this.#settled.replaceChildren();
    this.#show(html.slice(kept), this.#text.length);
  }

  /**
   * @param {string} html
   * @param {number} end
   */
  #show(html, end) {
    this.#recent.replaceChildren(dress(fragmentOf(html)));
    this.#recentEnd = end;
    this.#growing.data = this.#text.slice(end);
    this.#markCode();
  }

  /** Code that is being written looks like code already, once nothing else is in the tail. */
  #markCode() {
    const { inFence, finished } = this.#scanner;
    this.#tail.classList.toggle("in-code", inFence && finished === this.#recentEnd);
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  async #render(from, to) {
    return to > from ? renderMarkdown(this.#text.slice(from, to)) : "";
  }
}
