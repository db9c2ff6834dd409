/** One call of a tool: its name, what it is called with, what came of it, and how long it took. */

import { find, setIcon, stamp } from "../dom.js";
import { STATES, inLines, inOneLine, shortResult, timeOf } from "./words.js";

/**
 * @typedef {import("./work.js").Call} Call
 * @typedef {import("./work.js").Called} Called
 */

const ICONS = { running: "wait", waiting: "wait", done: "check", failed: "warn", denied: "close" };

export class CallView {
  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.element = stamp("t-call");
    this.update();
  }

  update() {
    const { element, call } = this;
    const { name, state } = call;
    element.className = `call ${state}`;
    setIcon(element, ICONS[state]);
    this.#write(".call-state", `${STATES[state]}: `);
    this.#write(".call-name", name);
    this.#write(".call-arguments", inOneLine(call.arguments));
    this.#write(".call-time", timeOf(call.seconds));
    this.#write(".call-short", shortResult(call));
    this.#write(".call-sent", inLines(call.arguments));
    const came = call.error ?? call.output ?? "";
    this.#write(".call-came", came);
    find(".call-came-part", element).hidden = came === "";
  }

  /**
   * @param {string} selector
   * @param {string} text
   */
  #write(selector, text) {
    const place = find(selector, this.element);
    if (place.textContent !== text) place.textContent = text;
  }
}

/**
 * A call of a step that is over.
 * @param {Called} called
 */
export function finished(called) {
  const state = called.error === undefined ? "done" : "failed";
  return new CallView({ ...called, state, began: 0 }).element;
}
