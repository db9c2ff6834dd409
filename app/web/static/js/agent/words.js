/** What an agent has done, in words. */

import { formatCost } from "../usage.js";

/**
 * @typedef {import("./work.js").Step} Step
 * @typedef {import("./work.js").Call} Call
 */

const SHORT = 160;
const ONE_LINE = 90;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** What the states are called by those who do not see the signs. */
export const STATES = {
  running: "is running",
  waiting: "waits for you",
  done: "is done",
  failed: "came to nothing",
  denied: "was denied",
};

/**
 * @param {number} number
 * @param {string} word
 */
export const plural = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

/** @param {number | null} seconds "" for a time too short to be measured from here */
export function timeOf(seconds) {
  if (seconds === null || seconds < 0.05) return "";
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** @param {Step[]} steps */
export function tally(steps) {
  const calls = steps.reduce((sum, step) => sum + step.calls.length, 0);
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const priced = steps.every(({ cost_usd }) => cost_usd !== null);
  const cost = steps.reduce((sum, { cost_usd }) => sum + Number(cost_usd ?? 0), 0);
  const parts = [plural(steps.length, "step"), plural(calls, "tool call"), timeOf(seconds)];
  return [...parts, priced ? formatCost(cost) : ""].filter(Boolean).join(" · ");
}

/** @param {Step} step */
export function figuresOf({ model, seconds, cost_usd }) {
  return [model, timeOf(seconds), cost_usd === null ? "" : formatCost(Number(cost_usd))].filter(Boolean).join(" · ");
}

/**
 * The arguments as one line: `expression: 12*7`.
 * @param {string} text
 */
export function inOneLine(text) {
  const read = parsed(text);
  if (read === null) return cut(text, ONE_LINE);
  const pairs = Object.entries(read).map(([name, value]) => `${name}: ${written(value)}`);
  return cut(pairs.join(", "), ONE_LINE);
}

/** @param {string} text arguments, with a line for each part, to be read or edited */
export function inLines(text) {
  const read = parsed(text);
  return read === null ? text : JSON.stringify(read, null, 2);
}

/** @param {Call | import("./work.js").Called} call the beginning of what came of it */
export const shortResult = ({ output, error }) => cut(error ?? output ?? "", SHORT);

/** @param {string} moment */
export function deadline(moment) {
  const date = new Date(moment);
  const isToday = date.toDateString() === new Date().toDateString();
  return `Without a decision by ${isToday ? clock.format(date) : day.format(date)} it is denied.`;
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | null} null: it is no JSON object
 */
export function parsed(text) {
  try {
    const read = JSON.parse(text || "{}");
    return typeof read === "object" && read !== null && !Array.isArray(read) ? read : null;
  } catch {
    return null;
  }
}

/** @param {unknown} value */
const written = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * @param {string} text
 * @param {number} most
 */
function cut(text, most) {
  const line = text.replace(/\s+/g, " ").trim();
  const letters = [...line];
  return letters.length > most ? `${letters.slice(0, most).join("")} …` : line;
}
