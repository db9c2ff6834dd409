/** What the server found out about an extraction, in words. */

import { placeOf } from "./leaves.js";

/**
 * @typedef {import("./leaves.js").Path} Path
 * @typedef {{path: Path, code: string, message: string, severity: "error" | "warning"}} Issue
 * @typedef {object} Field
 * @property {Path} path
 * @property {string | null} quote
 * @property {number | null} start in code points of the text
 * @property {number | null} end
 * @property {"supported" | "unsupported" | "absent"} status
 * @property {number | null} confidence 0 to 1
 * @property {"model" | "evidence" | "rule" | null} confidence_from
 */

const count = new Intl.NumberFormat("en-US");

/** By status: its name, its icon, and what it means. */
const STATUSES = {
  supported: { word: "Supported", icon: "check", meaning: "" },
  unsupported: { word: "Unsupported", icon: "warn", meaning: "this does not stand in the text" },
  absent: { word: "Absent", icon: "absent", meaning: "nothing was found" },
};
const SOURCES = {
  model: ", says the model",
  evidence: " by the evidence",
  rule: " by a rule",
};
const FLAGS = {
  document_speaks_to_the_model:
    "The document speaks to the model, as if to give it orders. It was treated as data only; " +
    "look twice at what was found.",
};

/** @param {Field} field */
export const statusOf = ({ status }) =>
  STATUSES[status] ?? { word: String(status), icon: "warn", meaning: "" };

/** @param {Field} field */
export function confidenceOf({ confidence, confidence_from }) {
  if (confidence === null || confidence === undefined) return "";
  return `${percent(confidence)} sure${SOURCES[/** @type {keyof typeof SOURCES} */ (confidence_from)] ?? ""}`;
}

/**
 * Rounded down: what is not quite sure is not shown as sure.
 * @param {number} share
 */
const percent = (share) => `${Math.floor(share * 100 + 1e-9)} %`;

/** @param {string} flag */
export const flagOf = (flag) => FLAGS[flag] ?? `Note: ${flag.replaceAll("_", " ")}.`;

/**
 * @param {Issue} issue
 * @returns {string} with its place, for where that is not to be seen
 */
export const placedIssue = ({ path, message }) => (path.length ? `${placeOf(path)}: ${message}` : message);

/** @param {[number, number]} range in code points */
export const missingOf = ([start, end]) =>
  `Characters ${count.format(start + 1)} to ${count.format(end)} of the text could not be read: ` +
  "what stands there is missing.";

/** @param {{path: string[], keyword: string, reason: string}} loosened path: in the schema */
export function loosenedOf({ path, keyword, reason }) {
  const place = path.length ? ` at ${path.join("/")}` : "";
  return `The provider was not told of “${keyword}”${place}; it was checked here. Why: ${reason}`;
}

/**
 * @param {Field[]} fields
 * @returns {string} as “8 fields: 6 supported, 1 unsupported, 1 absent”
 */
export function tally(fields) {
  const parts = Object.keys(STATUSES)
    .map((status) => [fields.filter((field) => field.status === status).length, status])
    .filter(([number]) => number);
  const all = parts.map(([number, status]) => `${count.format(Number(number))} ${status}`).join(", ");
  return `${plural(fields.length, "field")}${all && `: ${all}`}`;
}

/**
 * @param {number} number
 * @param {string} word
 */
export const plural = (number, word) => `${count.format(number)} ${word}${number === 1 ? "" : "s"}`;
