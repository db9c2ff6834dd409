/** What the browser remembers: the key for this tab, the chosen model for good. */

const KEY = "parley.key";
const MODEL = "parley.model";

/**
 * Storage throws where the user has forbidden it; the page then works without memory.
 * @template T
 * @param {() => T} action
 * @returns {T | null}
 */
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

let currentKey = attempt(() => sessionStorage.getItem(KEY));

/** @returns {string | null} */
export const key = () => currentKey;

/** @param {string} value */
export function rememberKey(value) {
  currentKey = value;
  attempt(() => sessionStorage.setItem(KEY, value));
}

export function forgetKey() {
  currentKey = null;
  attempt(() => sessionStorage.removeItem(KEY));
}

/** @returns {string | null} */
export const model = () => attempt(() => localStorage.getItem(MODEL));

/** @param {string} value */
export const rememberModel = (value) => attempt(() => localStorage.setItem(MODEL, value));
