/** The log of an agent's answer, folded: steps, what was called in each, time and cost. */

import { find, stamp } from "../dom.js";
import { finished } from "./call-view.js";
import { stepsOf } from "./waiting.js";
import { figuresOf, plural, tally } from "./words.js";

/**
 * @typedef {import("../tree.js").Message} Message
 * @typedef {import("./work.js").Step} Step
 */

export class StepsView {
  /** @type {Step[] | null} those that are shown */
  #shown = null;

  /** @param {Message} message */
  constructor(message) {
    this.message = message;
    this.element = stamp("t-steps");
    this.element.addEventListener("toggle", () => void this.#open());
  }

  /** @param {boolean} live whether more are to come: then they are not shown yet */
  update(live) {
    const { work, tool_calls: calls } = this.message;
    this.element.hidden = live || !(work?.steps.length || calls);
    if (this.element.hidden) return;
    const summary = work ? tally(work.steps) : plural(calls ?? 0, "tool call");
    find("summary", this.element).textContent = summary;
  }

  async #open() {
    const { element, message } = this;
    if (!(/** @type {HTMLDetailsElement} */ (element).open)) return;
    const status = find(".steps-status", element);
    status.textContent = "";
    try {
      const steps = message.work?.steps ?? (await stepsOf(message.run_id ?? ""));
      this.#show(steps);
      if (steps.length === 0) status.textContent = "The steps of this answer are not kept any more.";
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  /** @param {Step[]} steps */
  #show(steps) {
    if (this.#shown?.length === steps.length) return;
    this.#shown = [...steps];
    find(".steps-list", this.element).replaceChildren(...steps.map(stepItem));
    if (steps.length) find("summary", this.element).textContent = tally(steps);
  }
}

/** @param {Step} step */
function stepItem(step) {
  const item = stamp("t-step");
  find(".step-summary", item).textContent = step.summary;
  find(".step-figures", item).textContent = figuresOf(step);
  find(".step-said", item).textContent = step.calls.length ? step.said : "";
  find(".calls", item).append(...step.calls.map(finished));
  find(".calls", item).hidden = step.calls.length === 0;
  return item;
}
