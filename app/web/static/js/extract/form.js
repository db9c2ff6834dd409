/** What the person asks for, and what is wrong with it. */

import { Problem } from "../api.js";
import { find } from "../dom.js";
import { showProblem } from "../notice.js";
import { SchemaPicker } from "./schema-picker.js";

/**
 * @typedef {import("./extraction.js").Request} Request
 * @typedef {{onStart: () => void, onStop: () => void}} Actions
 */

/** By field of the body: what shows its error, and the controls that it is about. */
const FIELDS = {
  text: { error: "#source-error", controls: ["#source"] },
  schema: { error: "#schema-error", controls: ["#schema", "#own-schema"] },
  model: { error: "#model-error", controls: ["#extract-model"] },
  locale: { error: "#locale-error", controls: ["#locale"] },
};

const NO_TEXT = "There is no text yet: paste one, open a file or take an example.";

export class Form {
  /**
   * @param {HTMLElement} root
   * @param {Actions} actions
   */
  constructor(root, { onStart, onStop }) {
    this.root = root;
    this.schemas = new SchemaPicker(root);
    /** @type {HTMLInputElement} */
    this.locale = find("#locale", root);
    this.startButton = find("#extract-start", root);
    this.stopButton = find("#extract-stop", root);
    find("#extract-form", root).addEventListener("submit", (event) => {
      event.preventDefault();
      onStart();
    });
    this.stopButton.addEventListener("click", onStop);
    find("#source", root).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onStart();
    });
  }

  /**
   * @param {string} text
   * @param {string} model "" leaves the choice to the server
   * @returns {Request | null} null: something is missing, and it was said what
   */
  request(text, model) {
    for (const name of Object.keys(FIELDS)) this.complain(name, "");
    if (text.trim() === "") return this.#refuse("text", NO_TEXT);
    try {
      const locale = this.locale.value.trim();
      return { text, schema: this.schemas.chosen, model: model || undefined, locale: locale || undefined };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return this.#refuse("schema", error.detail);
    }
  }

  /**
   * Tells what the server had against the body, beside the fields if it is about those.
   * @param {Problem} problem
   */
  refused(problem) {
    const errors = problem.problem.errors ?? {};
    const named = Object.keys(FIELDS).filter((name) => errors[name] !== undefined);
    for (const name of named) this.complain(name, sentences(errors[name]).join(" "));
    if (named.length === 0) showProblem(problem);
  }

  /**
   * @param {string} name
   * @param {string} sentence "" for none
   */
  complain(name, sentence) {
    const { error, controls } = FIELDS[/** @type {keyof typeof FIELDS} */ (name)];
    find(error, this.root).textContent = sentence;
    for (const control of controls) find(control, this.root).toggleAttribute("aria-invalid", sentence !== "");
  }

  /** @param {boolean} busy */
  busy(busy) {
    const hadFocus = [this.startButton, this.stopButton].includes(/** @type {any} */ (document.activeElement));
    this.startButton.hidden = busy;
    this.stopButton.hidden = !busy;
    if (hadFocus) (busy ? this.stopButton : this.startButton).focus();
  }

  /**
   * @param {string} name
   * @param {string} sentence
   */
  #refuse(name, sentence) {
    this.complain(name, sentence);
    const { controls } = FIELDS[/** @type {keyof typeof FIELDS} */ (name)];
    controls.map((control) => find(control, this.root)).findLast((control) => !control.hidden)?.focus();
    return null;
  }
}

/**
 * @param {any} said a sentence, a list of them, or such by place
 * @returns {string[]}
 */
function sentences(said) {
  if (typeof said === "string") return [said];
  return Object.values(said ?? {}).flatMap(sentences);
}
