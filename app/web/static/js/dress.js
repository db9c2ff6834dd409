/** Rendered Markdown gets what HTML alone lacks: a copy button on code, tables that scroll. */

import { copyText } from "./clipboard.js";
import { setIcon, stamp } from "./dom.js";

const SHOWN_MS = 1600;

/**
 * @param {DocumentFragment} fragment
 * @returns {DocumentFragment} the same
 */
export function dress(fragment) {
  for (const pre of fragment.querySelectorAll("pre")) frameCode(pre);
  for (const table of fragment.querySelectorAll("table")) frameTable(table);
  return fragment;
}

/** @param {HTMLPreElement} pre */
function frameCode(pre) {
  const code = pre.querySelector("code");
  const language = /language-(\S+)/.exec(code?.className ?? "")?.[1] ?? "";
  const frame = stamp("t-code");
  const [label, button] = frame.querySelectorAll(".code-head > *");
  label.textContent = language || "text";
  button.setAttribute("aria-label", language ? `Copy the ${language} code` : "Copy the code");
  button.addEventListener("click", () => copyFrom(/** @type {HTMLElement} */ (button), pre.textContent ?? ""));
  pre.tabIndex = 0;
  pre.replaceWith(frame);
  frame.append(pre);
}

/** @param {HTMLTableElement} table */
function frameTable(table) {
  const frame = document.createElement("div");
  frame.className = "table";
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Table");
  table.replaceWith(frame);
  frame.append(table);
}

/**
 * Copies, and says so on the button for a moment.
 * @param {HTMLElement} button
 * @param {string} text
 */
export async function copyFrom(button, text) {
  const copied = await copyText(text);
  const word = button.querySelector("span");
  setIcon(button, copied ? "check" : "warn");
  if (word) word.textContent = copied ? "Copied" : "Not copied";
  setTimeout(() => {
    setIcon(button, "copy");
    if (word) word.textContent = "Copy";
  }, SHOWN_MS);
}
