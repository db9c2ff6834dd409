/** A form for the variables of a prompt: what can be said of each is held to in the page already. */

import { find, fitHeight, stamp } from "../dom.js";

/**
 * @typedef {{name: string, type: "text" | "texts" | "choice" | "integer" | "boolean",
 *   description: string, required: boolean, default: any, max_length: number | null,
 *   max_items: number | null, choices: string[] | null, minimum: number | null,
 *   maximum: number | null}} Variable
 * @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control
 */

const count = new Intl.NumberFormat("en-US");
const LONG = 200; // characters, above which a text gets more than one line

export class Field {
  /** @param {Variable} variable */
  constructor(variable) {
    this.variable = variable;
    this.element = stamp("t-variable");
    this.control = controlOf(variable);
    this.#fill();
  }

  #fill() {
    const { element, control, variable } = this;
    const [note, error] = [find(".prompt-note", element), find(".field-error", element)];
    const label = find("label", element);
    control.id = `variable-${variable.name}`;
    note.id = `${control.id}-note`;
    error.id = `${control.id}-error`;
    control.setAttribute("aria-describedby", `${note.id} ${error.id}`);
    control.toggleAttribute("required", variable.required);
    label.setAttribute("for", control.id);
    label.textContent = nameOf(variable.name);
    note.textContent = noteOf(variable);
    if (variable.type === "boolean") {
      element.classList.add("check");
      label.before(control);
    } else note.after(control);
    if (control instanceof HTMLTextAreaElement) control.addEventListener("input", () => fitHeight(control));
  }

  /** What is sent; undefined: nothing is, and the server takes what the prompt says. */
  get value() {
    const { control, variable } = this;
    if (variable.type === "boolean") return /** @type {HTMLInputElement} */ (control).checked;
    const text = control.value;
    if (text.trim() === "") return undefined;
    if (variable.type === "integer") return Number(text);
    return variable.type === "texts" ? lines(text) : text;
  }

  /** @returns {boolean} whether it can be sent; if not, it says why */
  check() {
    const complaint = complaintOf(this.variable, this.value);
    this.complain(complaint);
    return complaint === "";
  }

  /** @param {string} sentence "" for none */
  complain(sentence) {
    find(".field-error", this.element).textContent = sentence;
    if (sentence) this.control.setAttribute("aria-invalid", "true");
    else this.control.removeAttribute("aria-invalid");
  }
}

/**
 * @param {Variable} variable
 * @returns {Control}
 */
function controlOf({ type, choices, required, default: standard, minimum, maximum, max_length }) {
  if (type === "choice") {
    const select = document.createElement("select");
    select.className = "field picker";
    if (!required && standard === null) select.append(new Option("–", ""));
    select.append(...(choices ?? []).map((choice) => new Option(choice, choice)));
    if (standard !== null) select.value = standard;
    return select;
  }
  if (type === "text" && (max_length ?? LONG + 1) > LONG) return area(standard ?? "", 4);
  if (type === "texts") return area((standard ?? []).join("\n"), 3);
  const input = document.createElement("input");
  input.type = type === "boolean" ? "checkbox" : type === "integer" ? "number" : "text";
  if (type === "boolean") input.checked = Boolean(standard);
  else input.className = "field";
  if (type !== "boolean" && standard !== null) input.value = String(standard);
  if (minimum !== null) input.min = String(minimum);
  if (maximum !== null) input.max = String(maximum);
  return input;
}

/**
 * @param {string} text
 * @param {number} rows
 */
function area(text, rows) {
  const made = document.createElement("textarea");
  made.className = "field";
  made.rows = rows;
  made.value = text;
  return made;
}

/** @param {Variable} variable */
function noteOf({ type, description, required, max_length: letters, max_items: items, minimum, maximum }) {
  const parts = [description];
  if (type === "texts") parts.push(items === null ? "one on each line" : `one on each line, up to ${items}`);
  if (letters !== null) parts.push(`up to ${count.format(letters)} characters${type === "texts" ? " each" : ""}`);
  if (minimum !== null && maximum !== null) parts.push(`${minimum} to ${maximum}`);
  if (!required && type !== "boolean") parts.push("not required");
  return parts.filter(Boolean).join("; ");
}

/**
 * @param {Variable} variable
 * @param {any} value
 */
function complaintOf({ required, type, max_length: letters, max_items: items, minimum, maximum }, value) {
  if (value === undefined) return required ? "This is needed." : "";
  if (type === "integer") {
    if (!Number.isInteger(value)) return "This must be a whole number.";
    if (minimum !== null && value < minimum) return `This must be ${minimum} or more.`;
    return maximum !== null && value > maximum ? `This must be ${maximum} or less.` : "";
  }
  if (items !== null && Array.isArray(value) && value.length > items) return `These are more than ${items}.`;
  const longest = Math.max(0, ...[value].flat().map((/** @type {any} */ text) => [...String(text)].length));
  if (letters !== null && longest > letters)
    return `This has ${count.format(longest)} characters; up to ${count.format(letters)} are taken.`;
  return "";
}

/** @param {string} text */
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** @param {string} name as max_words */
export function nameOf(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
