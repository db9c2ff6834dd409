/** What can be done with a conversation: the menu, and the dialogs that it leads to. */

import { find } from "./dom.js";

const EDGE = 8;
const menu = find("#menu");
let subject = "";

/**
 * @param {(action: string, id: string) => void} onAction
 */
export function initMenu(onAction) {
  for (const button of menu.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      menu.hidePopover();
      onAction(button.dataset.action ?? "", subject);
    });
  }
  menu.addEventListener("keydown", step);
}

/**
 * @param {string} id of the conversation
 * @param {HTMLElement} button that the menu hangs under
 */
export function openMenu(id, button) {
  subject = id;
  menu.showPopover();
  const anchor = button.getBoundingClientRect();
  const left = Math.min(anchor.left, innerWidth - menu.offsetWidth - EDGE);
  const below = anchor.bottom + EDGE / 2;
  const fits = below + menu.offsetHeight + EDGE <= innerHeight;
  menu.style.left = `${Math.max(EDGE, left)}px`;
  menu.style.top = `${fits ? below : anchor.top - menu.offsetHeight - EDGE / 2}px`;
  find("button", menu).focus();
}

/** @param {KeyboardEvent} event */
function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  const buttons = [...menu.querySelectorAll("button")];
  const index = buttons.indexOf(/** @type {any} */ (document.activeElement));
  buttons[(index + by + buttons.length) % buttons.length].focus();
  event.preventDefault();
}

/**
 * @param {string} title
 * @returns {Promise<string | null>} the new title, or null
 */
export async function askTitle(title) {
  const field = /** @type {HTMLInputElement} */ (find("#new-title"));
  field.value = title;
  const confirmed = ask("#rename");
  field.select();
  const entered = (await confirmed) ? field.value.trim() : "";
  return entered && entered !== title ? entered : null;
}

/**
 * @param {string} title
 * @returns {Promise<boolean>}
 */
export function askDelete(title) {
  find("#delete-text").textContent = `“${title}” and all its messages will be gone for good.`;
  return ask("#delete");
}

/**
 * @param {string} selector of a dialog
 * @returns {Promise<boolean>}
 */
function ask(selector) {
  const dialog = /** @type {HTMLDialogElement} */ (find(selector));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** @returns {boolean} whether something lies over the page that Escape closes by itself */
export const somethingOpen = () =>
  document.querySelector("dialog[open]") !== null || menu.matches(":popover-open");
