/** What an extraction came to: the verdict, remarks, attempts, tokens and cost. */

import { find, stamp } from "../dom.js";
import { formatCost, usageParts } from "../usage.js";
import { flagOf, loosenedOf, missingOf, placedIssue, plural, tally } from "./words.js";

/**
 * @typedef {import("./extraction.js").Extraction} Extraction
 * @typedef {import("./extraction.js").Attempt} Attempt
 * @typedef {import("./words.js").Issue} Issue
 * @typedef {{text: string, show?: () => void}} Remark
 */

const UNCHECKED = "what had come by then was not checked.";
const REFUSED = "Below is what the model said last; do not use it as data.";
const count = new Intl.NumberFormat("en-US");

/** @param {Extraction} extraction */
export function verdictOf({ state, started, result, problem, model, steps, parts }) {
  if (state === "stopped") return parts.size === 0 ? "Stopped." : `Stopped: ${UNCHECKED}`;
  if (state === "failed" && !started) return "Nothing was extracted.";
  if (state === "failed") return failureOf(/** @type {any} */ (problem), parts);
  if (!result) return [model ? `Asking ${model} …` : "Asking …", steps.at(-1) ?? ""].join(" ").trim();
  const warnings = result.issues.length ? ` · ${plural(result.issues.length, "warning")}` : "";
  return `Valid · ${tally(result.fields)}${warnings}`;
}

/**
 * @param {import("../api.js").Problem} problem
 * @param {Map<number, any>} parts
 */
function failureOf({ detail, problem }, parts) {
  if (problem.candidate) return `Not valid. ${detail} ${REFUSED}`;
  return parts.size === 0 ? `Nothing was extracted. ${detail}` : `Cut off: ${detail} Note: ${UNCHECKED}`;
}

/**
 * @param {Extraction} extraction
 * @param {Issue[]} issues that have no field to stand beside
 * @param {(range: number) => void} showMissing
 * @returns {Remark[]}
 */
export function remarksOf({ result, problem }, issues, showMissing) {
  const { flags = [], missing_ranges: missing = [] } = result ?? problem?.problem ?? {};
  return [
    ...flags.map((/** @type {string} */ flag) => ({ text: flagOf(flag) })),
    ...missing.map((/** @type {[number, number]} */ range, /** @type {number} */ index) => ({
      text: missingOf(range),
      show: () => showMissing(index),
    })),
    ...issues.map((issue) => ({ text: placedIssue(issue) })),
  ];
}

export class Report {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
  }

  /** @param {Extraction} extraction */
  verdict(extraction) {
    const element = find("#verdict", this.root);
    const text = verdictOf(extraction);
    if (element.textContent !== text) element.textContent = text;
    element.className = `verdict ${extraction.state}`;
  }

  /** @param {Remark[]} remarks */
  remarks(remarks) {
    find("#remarks", this.root).replaceChildren(...remarks.map(remarkItem));
  }

  /** @param {Extraction} extraction */
  spent({ state, result, problem, model, steps, spent }) {
    const { attempts = [], schema } = result ?? problem?.problem ?? {};
    const parts = usageParts(/** @type {any} */ ({ model: result?.model ?? model, ...spent }));
    find("#spent", this.root).hidden = state === "running" || (!spent.usage && attempts.length === 0);
    find("#spent-all", this.root).textContent = parts.join(" · ");
    this.#attempts(attempts);
    this.#onTheWay([...steps, ...(schema?.loosened ?? []).map(loosenedOf)]);
  }

  /** @param {Attempt[]} attempts */
  #attempts(attempts) {
    const details = find("#attempts", this.root);
    details.hidden = attempts.length === 0;
    find("summary", details).textContent = plural(attempts.length, "attempt");
    find("tbody", details).replaceChildren(...attempts.map(attemptRow));
  }

  /** @param {string[]} lines */
  #onTheWay(lines) {
    const details = find("#on-the-way", this.root);
    details.hidden = lines.length === 0;
    find("summary", details).textContent = `On the way: ${plural(lines.length, "note")}`;
    find("ul", details).replaceChildren(...lines.map(lineItem));
  }
}

/** @param {Remark} remark */
function remarkItem({ text, show }) {
  const item = stamp("t-remark");
  find("span", item).textContent = text;
  const button = find("button", item);
  button.hidden = !show;
  if (show) button.addEventListener("click", show);
  return item;
}

/** @param {string} text */
function lineItem(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

/** @param {Attempt} attempt */
function attemptRow({ number, part = 1, model, usage, cost_usd, issues }) {
  const row = document.createElement("tr");
  const figures = [
    part > 1 ? `${number} (part ${part})` : String(number),
    model,
    usage ? count.format(usage.input_tokens) : "–",
    usage ? count.format(usage.output_tokens) : "–",
    cost_usd === null || cost_usd === undefined ? "–" : formatCost(Number(cost_usd)),
  ];
  for (const text of figures) row.insertCell().textContent = text;
  row.insertCell().append(issueList(issues ?? []));
  return row;
}

/** @param {Issue[]} issues */
function issueList(issues) {
  if (issues.length === 0) return "none";
  const list = document.createElement("ul");
  list.append(...issues.map((issue) => lineItem(placedIssue(issue))));
  return list;
}
