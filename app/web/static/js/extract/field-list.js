/** The fields on the screen: values while they come, and what is known of them in the end. */

import { find, setIcon } from "../dom.js";
import { FieldRows, heading, setText } from "./field-rows.js";
import { keyOf, leavesOf, shown } from "./leaves.js";
import { confidenceOf, statusOf } from "./words.js";

/**
 * @typedef {import("./leaves.js").Leaf} Leaf
 * @typedef {import("./words.js").Field} Field
 * @typedef {import("./words.js").Issue} Issue
 */

export class FieldList {
  /** @type {Map<number, FieldRows>} by part of the text; what is finished is in the first */
  #parts = new Map();

  /**
   * @param {HTMLElement} root
   * @param {import("./field-rows.js").OnPoint} onPoint
   */
  constructor(root, onPoint) {
    this.list = find("#fields", root);
    this.onPoint = onPoint;
  }

  clear() {
    this.#parts.clear();
    this.list.replaceChildren();
  }

  /**
   * @param {number} part from 1
   * @param {any} data what has come of it
   */
  grow(part, data) {
    this.#rowsOf(part).grow(data);
  }

  /** @param {number} part */
  #rowsOf(part) {
    const known = this.#parts.get(part);
    if (known) return known;
    const rows = new FieldRows(part === 1 ? this.list : this.#partList(part), this.onPoint);
    this.#parts.set(part, rows);
    return rows;
  }

  /** @param {number} part */
  #partList(part) {
    const item = heading(`Part ${part} of the text`);
    item.classList.add("found-part");
    const list = document.createElement("ul");
    item.append(list);
    this.list.append(item);
    return list;
  }

  /**
   * @param {any} data
   * @param {Field[]} fields
   * @param {Issue[]} issues
   * @returns {Issue[]} those without a row
   */
  finish(data, fields, issues) {
    this.clear();
    const rows = this.#rowsOf(1);
    const byKey = new Map(fields.map((field) => [keyOf(field.path), field]));
    const leaves = leavesOf(data, { empty: true });
    const present = new Set(leaves.map(({ path }) => keyOf(path)));
    const beside = fields.filter(({ path }) => !present.has(keyOf(path)));
    for (const leaf of [...leaves, ...beside.map(({ path }) => ({ path, value: null }))]) {
      prove(rows.add(leaf), leaf, byKey.get(keyOf(leaf.path)));
    }
    return issues.filter((issue) => !tell(rows.get(keyOf(issue.path)), issue));
  }

  /**
   * @param {string} key
   * @param {{reveal?: boolean, focus?: boolean}} how
   */
  select(key, { reveal = false, focus = false } = {}) {
    for (const row of this.list.querySelectorAll(".lit")) {
      row.classList.remove("lit");
      find("button", row).removeAttribute("aria-current");
    }
    const row = this.#parts.get(1)?.get(key);
    if (!row) return;
    row.classList.add("lit");
    const button = find("button", row);
    button.setAttribute("aria-current", "true");
    if (reveal) row.scrollIntoView({ block: "nearest" });
    if (focus) button.focus({ preventScroll: true });
  }
}

/**
 * @param {HTMLElement | undefined} row
 * @param {Issue} issue
 * @returns {boolean} whether there was a row to tell it beside
 */
function tell(row, { message, severity }) {
  if (!row) return false;
  const line = document.createElement("li");
  line.className = severity;
  line.textContent = `${severity === "error" ? "Error" : "Warning"}: ${message}`;
  const list = find(".found-issues", row);
  list.hidden = false;
  list.append(line);
  return true;
}

/**
 * @param {HTMLElement} row
 * @param {Leaf} leaf
 * @param {Field} [field] none: it was not judged
 */
function prove(row, { value }, field) {
  if (!field) return;
  const { word, icon, meaning } = statusOf(field);
  row.classList.add(field.status);
  const proof = find(".found-proof", row);
  proof.hidden = false;
  setIcon(proof, icon);
  setText(row, ".found-status", meaning ? `${word}: ${meaning}` : word);
  const sure = field.status === "absent" ? "" : confidenceOf(field);
  setText(row, ".found-more", sure && ` · ${sure}`);
  if (field.quote === null || field.quote === shown(value)) return;
  find(".found-quote", row).hidden = false;
  setText(row, ".found-quote", `The text says “${field.quote.replace(/\s+/g, " ")}”`);
}
