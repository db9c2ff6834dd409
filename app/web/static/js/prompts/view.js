/** The view of prompts: one is picked, its variables are filled in, and the answer appears. */

import { json } from "../api.js";
import { find, stamp } from "../dom.js";
import { copyFrom } from "../dress.js";
import { LiveMarkdown } from "../live.js";
import { addPicker, chosenModel } from "../models.js";
import { clearNotice, showProblem } from "../notice.js";
import { endingOf, usageParts } from "../usage.js";
import { Field } from "./fields.js";
import { Filling } from "./filling.js";

/**
 * @typedef {import("./fields.js").Variable} Variable
 * @typedef {{name: string, version: string, description: string, model: string | null,
 *   output: "text" | "data", variables: Variable[]}} Prompt
 */

export class PromptsView {
  /** @type {Prompt[]} the newest of each name */
  #prompts = [];
  /** @type {Field[]} */
  #fields = [];
  /** @type {Filling | null} */
  #filling = null;

  /** @param {() => void} onEnd */
  constructor(onEnd) {
    this.onEnd = onEnd;
    this.element = stamp("t-prompts");
    /** @type {HTMLSelectElement} */
    this.picker = find("#prompt-name", this.element);
    this.startButton = this.#part("#prompt-start");
    this.stopButton = this.#part("#prompt-stop");
    addPicker(/** @type {HTMLSelectElement} */ (this.#part("#prompt-model")));
    this.#listen();
  }

  async load() {
    const { prompts } = await json("/api/prompts");
    const before = this.picker.value;
    const names = new Set();
    this.#prompts = prompts.filter((/** @type {Prompt} */ { name }) => !names.has(name) && names.add(name));
    this.picker.replaceChildren(...this.#prompts.map(({ name }) => new Option(name, name)));
    if (names.has(before)) this.picker.value = before;
    else this.#choose();
  }

  focus() {
    this.picker.focus();
  }

  stop() {
    void this.#filling?.stop();
  }

  /** @param {string} selector */
  #part(selector) {
    return find(selector, this.element);
  }

  #listen() {
    this.picker.addEventListener("change", () => this.#choose());
    this.stopButton.addEventListener("click", () => this.stop());
    const form = this.#part("#prompt-form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#start();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.#start();
    });
    this.#part(".copy").addEventListener("click", () => copyFrom(this.#part(".copy"), this.#filling?.text ?? ""));
  }

  get #chosen() {
    return this.#prompts.find(({ name }) => name === this.picker.value);
  }

  #choose() {
    const prompt = this.#chosen;
    const about = prompt ? `${prompt.description} Version ${prompt.version}.` : "There are no prompts.";
    this.#part("#prompt-about").textContent = about;
    this.#fields = (prompt?.variables ?? []).map((variable) => new Field(variable));
    this.#part("#prompt-fields").replaceChildren(...this.#fields.map(({ element }) => element));
    /** @type {HTMLButtonElement} */ (this.startButton).disabled = !prompt;
  }

  async #start() {
    const prompt = this.#chosen;
    if (!prompt || this.#filling?.answer.status === "streaming") return;
    clearNotice();
    const wrong = this.#fields.filter((field) => !field.check());
    if (wrong.length) return void wrong[0].control.focus();
    const live = this.#begin();
    const filling = new Filling((added) => live.push(added));
    this.#filling = filling;
    const given = this.#fields.map(({ variable, value }) => [variable.name, value]);
    const variables = Object.fromEntries(given.filter(([, value]) => value !== undefined));
    const model = prompt.model ? undefined : chosenModel() || undefined;
    await filling.follow(prompt.name, { variables, model, repeatable: prompt.output === "text" });
    live.end();
    this.#end(filling);
    this.onEnd();
  }

  #begin() {
    this.#busy(true);
    this.#part(".prompt-begin").hidden = true;
    this.#part(".message").hidden = false;
    this.#part(".foot").hidden = true;
    this.#part(".ending").hidden = true;
    this.#part(".message").setAttribute("aria-busy", "true");
    find("#status").textContent = "Parley is answering.";
    return new LiveMarkdown(this.#part(".text"));
  }

  /** @param {Filling} filling */
  #end({ answer, refusal, text }) {
    this.#busy(false);
    this.#part(".message").setAttribute("aria-busy", "false");
    this.#part(".message").hidden = refusal !== null;
    this.#part(".prompt-begin").hidden = refusal === null;
    this.#part(".foot").hidden = text === "";
    const ending = endingOf(answer);
    this.#part(".ending").hidden = ending === "";
    this.#part(".ending span").textContent = ending;
    this.#part(".ending").classList.toggle("failed", Boolean(answer.error));
    this.#part(".usage").textContent = usageParts(answer).join(" · ");
    find("#status").textContent = refusal ? "There is no answer." : ending || "The answer is complete.";
    if (refusal) this.#refused(refusal);
  }

  /** @param {import("../api.js").Problem} refusal */
  #refused(refusal) {
    const errors = refusal.problem.errors?.variables ?? {};
    const named = this.#fields.filter(({ variable }) => errors[variable.name] !== undefined);
    for (const field of named) field.complain([errors[field.variable.name]].flat(2).join(" "));
    if (named.length === 0) showProblem(refusal);
  }

  /** @param {boolean} busy */
  #busy(busy) {
    const hadFocus = [this.startButton, this.stopButton].includes(/** @type {any} */ (document.activeElement));
    this.startButton.hidden = busy;
    this.stopButton.hidden = !busy;
    this.#part("#prompt-result").setAttribute("aria-busy", String(busy));
    if (hadFocus) (busy ? this.stopButton : this.startButton).focus();
  }
}
