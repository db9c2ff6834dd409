/** What went wrong, as one sentence above the message box. */

import { Problem } from "./api.js";
import { find } from "./dom.js";

const box = find("#notice");

/** @param {unknown} error */
export function showProblem(error) {
  if (error instanceof Problem && error.status === 401) return;
  const known = error instanceof Problem;
  if (!known) console.error(error);
  box.hidden = false;
  find("#notice-text").textContent = known ? error.detail : "Something went wrong on this page.";
}

export function clearNotice() {
  box.hidden = true;
  find("#notice-text").textContent = "";
}

/**
 * Runs an action of the person's, and tells them when it fails.
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T | undefined>}
 */
export async function tell(action) {
  clearNotice();
  try {
    return await action();
  } catch (error) {
    showProblem(error);
    return undefined;
  }
}

export function initNotice() {
  find("#notice-close").addEventListener("click", clearNotice);
}
