/** Extracted data as a list of values with their places, and both in words. */

import { isRaw } from "./exact.js";

/**
 * @typedef {(string | number)[]} Path
 * @typedef {{path: Path, value: any}} Leaf
 */

/**
 * @param {any} data
 * @param {{empty: boolean}} options empty: whether a list or object without contents is a leaf
 * @param {Path} [path]
 * @returns {Leaf[]} in the order of the data
 */
export function leavesOf(data, { empty }, path = []) {
  if (data === null || typeof data !== "object" || isRaw(data)) return [{ path, value: data }];
  const entries = Array.isArray(data) ? [...data.entries()] : Object.entries(data);
  if (entries.length === 0) return empty ? [{ path, value: data }] : [];
  return entries.flatMap(([step, value]) => leavesOf(value, { empty }, [...path, step]));
}

/** @param {Path} path */
export const keyOf = (path) => JSON.stringify(path);

/**
 * @param {string} name as `due_date` or `dueDate`
 * @returns {string} as “Due date”
 */
export function spoken(name) {
  const words = name.replace(/([a-z\d])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ").trim();
  const lower = words === words.toUpperCase() ? words : words.toLowerCase();
  return lower.slice(0, 1).toUpperCase() + lower.slice(1) || name;
}

/**
 * @param {Path} path
 * @returns {string} as “Line items 1, amount”
 */
export function placeOf(path) {
  const words = [];
  for (const step of path) {
    if (typeof step === "string") words.push(spoken(step));
    else words.push(`${words.pop() ?? "Item"} ${step + 1}`);
  }
  return words.map((word, index) => (index === 0 ? word : word.toLowerCase())).join(", ");
}

/**
 * A path's last name, and what it is a part of.
 * @param {Path} path
 * @returns {{group: string, name: string}} group: "" at the top
 */
export function titleOf(path) {
  if (path.length === 0) return { group: "", name: "Value" };
  const depth = path.findLastIndex((step) => typeof step === "string");
  return { group: placeOf(path.slice(0, Math.max(depth, 0))), name: placeOf(path.slice(Math.max(depth, 0))) };
}

/**
 * @param {any} value of a leaf
 * @returns {string}
 */
export function shown(value) {
  if (value === null || value === undefined) return "–";
  if (isRaw(value)) return value.rawJSON;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? "none" : String(value);
}
