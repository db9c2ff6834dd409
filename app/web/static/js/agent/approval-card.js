/** A call that waits for a person: what would be done, and the buttons that decide. */

import { Problem } from "../api.js";
import { find, fitHeight, stamp } from "../dom.js";
import { decide } from "./waiting.js";
import { deadline, inLines, parsed } from "./words.js";

let cards = 0;

export class ApprovalCard {
  #busy = false;

  /**
   * @param {string} runId
   * @param {import("./work.js").Call} call
   * @param {import("./work.js").Work} work
   * @param {() => void} onDecided
   */
  constructor(runId, call, work, onDecided) {
    this.runId = runId;
    this.call = call;
    this.work = work;
    this.onDecided = onDecided;
    this.element = stamp("t-approval");
    /** @type {HTMLTextAreaElement} */
    this.area = find("textarea", this.element);
    this.#fill();
    this.#listen();
  }

  /** @param {string} selector */
  #part(selector) {
    return find(selector, this.element);
  }

  #fill() {
    cards += 1;
    const title = this.#part(".approval-title");
    title.id = `approval-${cards}`;
    this.element.setAttribute("aria-labelledby", title.id);
    this.#part(".call-name").textContent = this.call.name;
    this.#part("pre").textContent = inLines(this.call.arguments);
    this.#part(".approval-until").textContent = deadline(this.work.expiresAt ?? "");
    this.area.value = inLines(this.call.arguments);
  }

  #listen() {
    this.#part(".approve").addEventListener("click", () => this.#decide(this.#isEditing ? "edit" : "approve"));
    this.#part(".deny").addEventListener("click", () => this.#decide("deny"));
    this.#part(".change").addEventListener("click", () => this.#edit(!this.#isEditing));
    this.area.addEventListener("input", () => fitHeight(this.area));
    this.area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.#decide("edit");
      if (event.key !== "Escape") return;
      event.preventDefault(); // it would stop the run
      this.#edit(false);
    });
  }

  get #isEditing() {
    return !this.area.hidden;
  }

  /** @param {boolean} editing */
  #edit(editing) {
    this.area.hidden = !editing;
    this.#part("pre").hidden = editing;
    this.#part(".approve").textContent = editing ? "Approve edited" : "Approve";
    this.#part(".change").textContent = editing ? "Cancel" : "Edit";
    this.#complain("");
    if (!editing) {
      this.area.value = inLines(this.call.arguments);
      return this.#part(".change").focus();
    }
    fitHeight(this.area);
    return this.area.focus();
  }

  /** @param {"approve" | "edit" | "deny"} decision */
  async #decide(decision) {
    const edited = decision === "edit" ? parsed(this.area.value) : undefined;
    if (edited === null) return this.#complain("The arguments must be a JSON object.");
    if (this.#busy) return undefined;
    this.#setBusy(true);
    try {
      await decide(this.runId, this.call.call_id, decision, edited);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#setBusy(false);
      if (error.status === 404 || error.status === 409) this.work.wake(); // decided elsewhere
      return this.#complain(sentence(error));
    }
    this.call.state = decision === "deny" ? "denied" : "running";
    if (edited) this.call.arguments = JSON.stringify(edited);
    this.onDecided();
    return this.work.wake();
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.#busy = busy;
    this.element.setAttribute("aria-busy", String(busy));
    this.#complain("");
  }

  /** @param {string} text */
  #complain(text) {
    this.#part(".field-error").textContent = text;
    this.area.toggleAttribute("aria-invalid", text !== "");
  }
}

/** @param {Problem} problem */
function sentence({ detail, problem }) {
  const said = problem.errors?.arguments;
  return Array.isArray(said) ? [detail, ...said].join(" ") : detail;
}
