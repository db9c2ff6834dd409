/** One message on the screen. */

import { WorkView } from "./agent/work-view.js";
import { find, setIcon, stamp } from "./dom.js";
import { copyFrom } from "./dress.js";
import { openEditor } from "./editor.js";
import { initFeedback, showFeedback } from "./feedback.js";
import { LiveMarkdown } from "./live.js";
import { pictures } from "./pictures.js";
import { canRetry, endingOf, usageParts } from "./usage.js";

/**
 * @typedef {import("./tree.js").Message} Message
 * @typedef {{edit: (message: Message, text: string) => void, regenerate: (message: Message) => void,
 *   show: (id: string, focus: string) => void}} Actions
 * @typedef {{versions: Message[], busy: boolean, unanswered: boolean}} Surroundings
 */

export class MessageView {
  /** @type {LiveMarkdown | null} */
  #live = null;
  /** @type {Message[]} */
  #versions = [];
  /** @type {WorkView | null} */
  #work = null;

  /**
   * @param {Message} message
   * @param {Actions} actions
   */
  constructor(message, actions) {
    this.message = message;
    this.actions = actions;
    this.element = stamp("t-message");
    this.element.classList.add(message.role);
    this.part(".who").textContent = message.role === "user" ? "You said" : "Parley answered";
    this.#fill();
    this.#listen();
  }

  /** @param {string} selector */
  part(selector) {
    return find(selector, this.element);
  }

  #fill() {
    const { role, content, images, reasoning, status } = this.message;
    if (role === "user") {
      this.part(".text").textContent = content;
      this.part(".pictures").replaceChildren(...pictures(images ?? []));
      return;
    }
    this.#live = new LiveMarkdown(this.part(".text"));
    this.#work = new WorkView(this.message, this.part(".work"), this.part(".work-log"));
    if (reasoning) this.reasoning(reasoning);
    if (status === "streaming") this.#live.push(content);
    else this.#live.set(content);
  }

  #listen() {
    const { message, actions } = this;
    const on = (/** @type {string} */ selector, /** @type {() => void} */ action) =>
      this.part(selector).addEventListener("click", action);
    initFeedback(this.element, message);
    on(".copy", () => copyFrom(this.part(".copy"), message.content));
    on(".edit", () => openEditor(this.element, message.content, (text) => actions.edit(message, text)));
    on(".again", () => actions.regenerate(message));
    on(".retry", () => actions.regenerate(message));
    on(".previous", () => this.#step(-1));
    on(".next", () => this.#step(1));
  }

  /**
   * Keeps the keyboard where it was when one version takes the place of another.
   * @param {string} selector
   */
  focus(selector) {
    const wanted = /** @type {HTMLButtonElement} */ (this.part(selector));
    const usable = wanted.disabled ? find(".branches button:enabled", this.element) : wanted;
    usable.focus({ preventScroll: true });
  }

  /** @param {string} text */
  delta(text) {
    this.#live?.push(text);
  }

  /** @param {string} text */
  reasoning(text) {
    this.part(".reasoning").hidden = false;
    this.part(".reasoning > div").append(text);
  }

  /** Its tools, or those that wait, have come on. */
  work() {
    this.#work?.update();
  }

  /** @param {Surroundings} surroundings */
  update({ versions, busy, unanswered }) {
    const streaming = this.message.status === "streaming";
    const wasStreaming = this.element.getAttribute("aria-busy") === "true";
    if (wasStreaming && !streaming) this.#live?.end();
    this.element.setAttribute("aria-busy", String(streaming));
    this.#work?.update();
    this.#versions = versions;
    this.#updateVersions();
    this.#updateEnding(unanswered, busy);
    this.#updateFoot(streaming, busy);
  }

  #updateVersions() {
    const index = this.#versions.indexOf(this.message);
    this.part(".branches").hidden = this.#versions.length < 2;
    this.part(".position").textContent = `${index + 1}/${this.#versions.length}`;
    this.#setDisabled(".previous", index <= 0);
    this.#setDisabled(".next", index >= this.#versions.length - 1);
  }

  /**
   * @param {boolean} unanswered
   * @param {boolean} busy
   */
  #updateEnding(unanswered, busy) {
    const ending = unanswered ? "There is no answer to this message." : endingOf(this.message);
    this.part(".ending").hidden = ending === "";
    this.part(".ending > span").textContent = ending;
    this.part(".ending").classList.toggle("failed", Boolean(this.message.error));
    this.part(".retry").hidden = busy || !(unanswered || canRetry(this.message));
  }

  /**
   * @param {boolean} streaming
   * @param {boolean} busy
   */
  #updateFoot(streaming, busy) {
    const isUser = this.message.role === "user";
    this.part(".foot").hidden = streaming;
    showFeedback(this.element, this.message);
    this.part(".edit").hidden = !isUser;
    this.part(".again").hidden = isUser;
    this.#setDisabled(".edit", busy);
    this.#setDisabled(".again", busy);
    this.part(".usage").textContent = isUser ? "" : usageParts(this.message).join(" · ");
    setIcon(this.part(".copy"), "copy");
  }

  /**
   * @param {string} selector
   * @param {boolean} disabled
   */
  #setDisabled(selector, disabled) {
    /** @type {HTMLButtonElement} */ (this.part(selector)).disabled = disabled;
  }

  /** @param {number} by */
  #step(by) {
    const other = this.#versions[this.#versions.indexOf(this.message) + by];
    if (other) this.actions.show(other.id, by < 0 ? ".previous" : ".next");
  }
}
