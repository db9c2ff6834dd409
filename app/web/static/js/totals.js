/** What was used today and this month, as a quiet line under the list. */

import { Problem, json } from "./api.js";
import { find } from "./dom.js";
import { formatCost } from "./usage.js";

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/**
 * @typedef {{calls: number, unpriced: number, input_tokens: number, output_tokens: number,
 *   cost_usd: number}} Figures
 * @typedef {{to: string, rows: (Figures & {day: string})[], totals: Figures}} Report
 */

/** It is no part of the conversation: where it does not come, nothing is shown. */
export async function refreshTotals() {
  try {
    showTotals(await json("/api/usage?group_by=day"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    find("#totals").hidden = true;
  }
}

/** @param {Report} report of the month until today */
function showTotals({ to, rows, totals }) {
  const today = rows.find(({ day }) => day === to);
  find("#totals").hidden = totals.calls === 0;
  find("#totals-day").textContent = summary(today);
  find("#totals-month").textContent = summary(totals);
}

/** @param {Figures} [figures] none: nothing was used */
export function summary(figures) {
  if (!figures) return "nothing yet";
  const { input_tokens, output_tokens, cost_usd, calls, unpriced } = figures;
  const tokens = input_tokens + output_tokens;
  const words = `${compact.format(tokens)} ${tokens === 1 ? "token" : "tokens"}`;
  if (unpriced === calls) return words;
  const more = unpriced ? "at least " : "";
  return `${more}${formatCost(cost_usd)} · ${words}`;
}
