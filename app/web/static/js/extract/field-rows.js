/** A list of fields: a row for each value, in the order of the data. */

import { find, stamp } from "../dom.js";
import { keyOf, leavesOf, shown, titleOf } from "./leaves.js";
import { onPointing } from "./pointing.js";

/**
 * @typedef {import("./leaves.js").Leaf} Leaf
 * @typedef {(key: string, pressed: boolean) => void} OnPoint
 */

export class FieldRows {
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  #group = "";
  /** What was drawn last. @type {any} */
  #data = undefined;

  /**
   * @param {HTMLElement} list
   * @param {OnPoint} onPoint
   */
  constructor(list, onPoint) {
    this.list = list;
    this.onPoint = onPoint;
  }

  /** @param {string} key */
  get(key) {
    return this.#rows.get(key);
  }

  /** @param {any} data that grows: what is there stays where it is */
  grow(data) {
    if (data === this.#data) return;
    this.#data = data;
    const leaves = leavesOf(data, { empty: false });
    const known = [...this.#rows.keys()];
    if (known.some((key, index) => !leaves[index] || keyOf(leaves[index].path) !== key)) this.#clear();
    for (const leaf of leaves) {
      const row = this.#rows.get(keyOf(leaf.path)) ?? this.add(leaf);
      setText(row, ".found-value", shown(leaf.value));
    }
  }

  #clear() {
    for (const item of this.list.querySelectorAll(":scope > :not(.found-part)")) item.remove();
    this.#rows.clear();
    this.#group = "";
  }

  /** @param {Leaf} leaf */
  add({ path, value }) {
    const key = keyOf(path);
    const { group, name } = titleOf(path);
    if (group && group !== this.#group) this.#append(heading(group));
    this.#group = group;
    const row = stamp("t-found");
    row.classList.toggle("inner", group !== "");
    setText(row, ".found-name", name);
    setText(row, ".found-value", shown(value));
    onPointing(row, () => this.onPoint(key, false));
    for (const type of ["focus", "click"]) {
      find("button", row).addEventListener(type, () => this.onPoint(key, true));
    }
    this.#rows.set(key, row);
    this.#append(row);
    return row;
  }

  /** @param {HTMLElement} item */
  #append(item) {
    this.list.insertBefore(item, this.list.querySelector(":scope > .found-part"));
  }
}

/** @param {string} group */
export function heading(group) {
  const item = document.createElement("li");
  item.className = "found-group";
  const title = document.createElement("h3");
  title.textContent = group;
  item.append(title);
  return item;
}

/**
 * @param {HTMLElement} row
 * @param {string} selector
 * @param {string} text
 */
export function setText(row, selector, text) {
  const element = find(selector, row);
  if (element.textContent !== text) element.textContent = text;
}
