/** The messages of the shown branch. A message keeps its element for as long as its thread is shown. */

import { find } from "./dom.js";
import { MessageView } from "./message-view.js";
import { siblings } from "./tree.js";
import { endingOf } from "./usage.js";

/**
 * @typedef {import("./tree.js").Message} Message
 * @typedef {import("./thread.js").Thread} Thread
 */

export class ThreadView {
  /** @type {Thread | null} */
  thread = null;
  /** @type {Map<Message, MessageView>} */
  #views = new Map();
  #root = find("#thread");
  #status = find("#status");
  #wasBusy = false;

  /**
   * @param {import("./message-view.js").Actions} actions
   * @param {() => void} onChange
   */
  constructor(actions, onChange) {
    this.actions = actions;
    this.onChange = onChange;
  }

  /** @param {Thread} thread */
  show(thread) {
    if (this.thread) this.thread.onChange = null;
    this.thread = thread;
    this.#views.clear();
    this.#wasBusy = thread.busy;
    thread.onChange = (change) => this.#take(change);
    this.#update(thread);
  }

  /**
   * Shows another version of a message.
   * @param {string} id
   * @param {string} focus the button that was used
   */
  switchTo(id, focus) {
    this.thread?.show(id);
    for (const [message, view] of this.#views) if (message.id === id) view.focus(focus);
  }

  /** @param {import("./thread.js").Change} change */
  #take(change) {
    if (change.type === "change") this.#update(/** @type {Thread} */ (this.thread));
    else this.#views.get(change.message)?.[change.type](change.text);
  }

  /** @param {Thread} thread */
  #update(thread) {
    const path = thread.path;
    const views = path.map((message) => this.#view(message));
    for (const view of views) view.update(this.#surroundings(thread, view.message, path));
    this.#place(views.map((view) => view.element));
    this.#announce(thread);
    this.onChange();
  }

  /** @param {Message} message */
  #view(message) {
    const known = this.#views.get(message) ?? new MessageView(message, this.actions);
    this.#views.set(message, known);
    return known;
  }

  /**
   * @param {Thread} thread
   * @param {Message} message
   * @param {Message[]} path
   */
  #surroundings(thread, message, path) {
    const last = message === path[path.length - 1];
    const unanswered = last && message.role === "user" && !thread.busy;
    return { versions: siblings(thread.messages, message), busy: thread.busy, unanswered };
  }

  /**
   * Moves only what is not in its place, so that focus and selection stay.
   * @param {HTMLElement[]} elements
   */
  #place(elements) {
    const wanted = new Set(elements);
    for (const child of [...this.#root.children]) {
      if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove();
    }
    elements.forEach((element, index) => {
      const there = this.#root.children[index];
      if (there !== element) this.#root.insertBefore(element, there ?? null);
    });
  }

  /**
   * The beginning and the ending of an answer, for those who do not see it; never its tokens.
   * @param {Thread} thread
   */
  #announce(thread) {
    if (thread.busy === this.#wasBusy) return;
    this.#wasBusy = thread.busy;
    const ending = thread.leaf?.role === "assistant" ? endingOf(thread.leaf) : "";
    this.#status.textContent = thread.busy ? "Parley is answering." : ending || "The answer is complete.";
  }
}
