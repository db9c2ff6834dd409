/** An agent at work, in its message: calls while they run, cards of those that wait, and the log. */

import { find, stamp } from "../dom.js";
import { ApprovalCard } from "./approval-card.js";
import { CallView } from "./call-view.js";
import { StepsView } from "./steps-view.js";

/** @typedef {import("../tree.js").Message} Message */

export class WorkView {
  /** @type {Map<import("./work.js").Call, CallView>} */
  #calls = new Map();
  /** @type {Map<import("./work.js").Call, ApprovalCard>} */
  #cards = new Map();
  #list = stamp("t-calls");
  #steps;

  /**
   * @param {Message} message
   * @param {HTMLElement} before where the work stands
   * @param {HTMLElement} after where its log stands
   */
  constructor(message, before, after) {
    this.message = message;
    this.before = before;
    this.before.append(this.#list);
    this.after = after;
    this.#steps = new StepsView(message);
  }

  update() {
    const { work, status } = this.message;
    const live = status === "streaming";
    this.#list.hidden = !live || !work?.calls.length;
    for (const call of work?.calls ?? []) this.#call(call).update();
    this.#updateCards(live ? (work?.waiting ?? []) : []);
    this.#steps.update(live);
    const { element } = this.#steps;
    if (!element.hidden && !element.isConnected) this.after.append(element);
  }

  /** @param {import("./work.js").Call} call */
  #call(call) {
    let view = this.#calls.get(call);
    if (!view) {
      view = new CallView(call);
      this.#calls.set(call, view);
      this.#list.append(view.element);
    }
    return view;
  }

  /** @param {import("./work.js").Call[]} waiting */
  #updateCards(waiting) {
    for (const [call, card] of this.#cards) if (!waiting.includes(call)) this.#remove(call, card);
    for (const call of waiting) if (!this.#cards.has(call)) this.#add(call);
  }

  /** @param {import("./work.js").Call} call */
  #add(call) {
    const { work, run_id: runId } = this.message;
    const card = new ApprovalCard(/** @type {string} */ (runId), call, /** @type {any} */ (work), () => this.update());
    this.#cards.set(call, card);
    this.before.append(card.element);
    find("#status").textContent = `Parley asks whether ${call.name} may be called.`;
    /** @type {HTMLTextAreaElement} */
    const box = find("#message");
    if (document.activeElement === box && box.value === "") card.element.focus();
  }

  /**
   * Whoever decided by the keyboard is led to the next card.
   * @param {import("./work.js").Call} call
   * @param {ApprovalCard} card
   */
  #remove(call, card) {
    const hadFocus = card.element.contains(document.activeElement);
    card.element.remove();
    this.#cards.delete(call);
    if (hadFocus) [...this.#cards.values()][0]?.element.focus();
  }
}
