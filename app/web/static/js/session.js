/** What the page remembers: what belongs to its cookie, and the chosen model for good. */

const MODEL = "parley.model";
const TOOLS = "parley.tools";

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

/** Belongs to the cookie, which no script can read. @type {string | null} */
let csrfToken = null;

export const csrf = () => csrfToken;

/** @param {string | null} token */
export function rememberCsrf(token) {
  csrfToken = token;
}

/** @returns {string | null} */
export const model = () => attempt(() => localStorage.getItem(MODEL));

/** @param {string} value */
export const rememberModel = (value) => attempt(() => localStorage.setItem(MODEL, value));

/** Whether messages may use tools. @returns {boolean} */
export const tools = () => attempt(() => localStorage.getItem(TOOLS)) === "true";

/** @param {boolean} wanted */
export const rememberTools = (wanted) => attempt(() => localStorage.setItem(TOOLS, String(wanted)));
