/** JSON whose numbers keep their digits: 1250.00 stays that, and so does what no double can hold. */

/** @typedef {{rawJSON: string}} Raw a number that JavaScript would write otherwise */

// Browsers that lack these two show numbers as JavaScript writes them.
const standard = /** @type {any} */ (JSON);

/**
 * @param {string} text
 * @returns {any}
 */
export const parseExact = (text) => (standard.rawJSON ? standard.parse(text, keepDigits) : JSON.parse(text));

/**
 * @param {string} _key
 * @param {any} value
 * @param {{source?: string}} context
 */
function keepDigits(_key, value, { source } = {}) {
  const changed = typeof value === "number" && source !== undefined && String(value) !== source;
  return changed ? standard.rawJSON(source) : value;
}

/**
 * @param {any} value
 * @returns {value is Raw}
 */
export const isRaw = (value) => Boolean(standard.isRawJSON?.(value));
