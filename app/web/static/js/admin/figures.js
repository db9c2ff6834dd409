/** The overview's figures in words and as bars. */

import { formatCost } from "../usage.js";

/**
 * @typedef {{calls: number, failed: number, unpriced: number, input_tokens: number,
 *   output_tokens: number, cost_usd: number, first_token_ms: number | null}} Figures
 * @typedef {{kind: string, limit: number, left: number}} Quota
 * @typedef {{id: string, shown: string, name: string, owner: string,
 *   limits: Record<string, number | null>, budgets: Record<string, string>,
 *   left: Record<string, string>, quotas: Quota[]}} Key
 * @typedef {import("./charts.js").Bar} Bar
 */

const count = new Intl.NumberFormat("en-US");
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
/**
 * @param {number} number
 * @param {string} word
 */
const counted = (number, word) => `${count.format(number)} ${word}${number === 1 ? "" : "s"}`;
const HOURS = 24;
const SHOWN = 8;
/** @type {Figures} */
const NOTHING = {
  calls: 0,
  failed: 0,
  unpriced: 0,
  input_tokens: 0,
  output_tokens: 0,
  cost_usd: 0,
  first_token_ms: null,
};

/** @param {string} moment */
export const timeOf = (moment) => clock.format(new Date(moment));

/** @param {number | null} milliseconds */
export function inSeconds(milliseconds) {
  if (milliseconds === null) return "–";
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * @param {Figures & {asked?: number}} totals
 * @param {number} asked
 * @returns {[string, string, string][]} a name, a figure, and a word more
 */
export function tiles(totals, asked) {
  const { calls, failed, unpriced, cost_usd, first_token_ms, input_tokens, output_tokens } = totals;
  const share = calls ? `${((failed / calls) * 100).toFixed(1)} % of calls` : "";
  return [
    ["Cost", formatCost(Number(cost_usd)), unpriced ? `without ${counted(unpriced, "call")} of unknown price` : ""],
    ["Requests", count.format(asked), `${counted(calls, "call")} to models`],
    ["Errors", count.format(failed), share],
    ["First token", inSeconds(first_token_ms), "on average"],
    ["Tokens", count.format(input_tokens + output_tokens), `${count.format(output_tokens)} of them output`],
  ];
}

/**
 * @param {(Figures & {hour: number})[]} found
 * @param {(figures: Figures) => {value: number, text: string, failed?: number}} bar
 * @returns {Bar[]} for all hours of a day
 */
export function byHour(found, bar) {
  const known = new Map(found.map((row) => [row.hour, row]));
  const length = Math.max(HOURS, ...found.map(({ hour }) => hour + 1));
  return Array.from({ length }, (_, hour) => ({ label: `${hour}:00`, ...bar(known.get(hour) ?? NOTHING) }));
}

/** @param {Figures} row */
export const costBar = ({ cost_usd }) => ({ value: Number(cost_usd), text: formatCost(Number(cost_usd)) });

/** @param {Figures} row */
export const callsBar = ({ calls, failed }) => ({
  value: calls,
  failed,
  text: `${counted(calls, "call")}${failed ? `, ${count.format(failed)} failed` : ""}`,
});

/** @param {Figures} row */
export const firstTokenBar = ({ first_token_ms }) => ({
  value: first_token_ms ?? 0,
  text: inSeconds(first_token_ms),
});

/**
 * By cost; where nothing has a price, by calls.
 * @template {Figures} T
 * @param {T[]} found
 * @param {(row: T) => string} name
 * @returns {Bar[]}
 */
export function byName(found, name) {
  const priced = found.some(({ cost_usd }) => Number(cost_usd) > 0);
  const bars = found.map((row) => ({
    label: name(row),
    value: priced ? Number(row.cost_usd) : row.calls,
    text: [
      formatCost(Number(row.cost_usd)),
      counted(row.calls, "call"),
      ...(row.failed ? [`${count.format(row.failed)} failed`] : []),
      inSeconds(row.first_token_ms),
    ].join(" · "),
  }));
  return bars.sort((one, other) => other.value - one.value).slice(0, SHOWN);
}

/** @param {Key} key */
export function limitsOf({ limits, quotas }) {
  const left = quotas.map((quota) => `${count.format(quota.left)} of ${count.format(quota.limit)} ${quota.kind} a minute`);
  const streams = limits.streams === null ? [] : [`${counted(limits.streams, "stream")} at once`];
  return [...left, ...streams].join(", ") || "none";
}

/** @param {Key} key */
export function budgetsOf({ budgets, left }) {
  const parts = Object.entries(budgets).map(([period, amount]) => {
    const whole = formatCost(Number(amount));
    return period in left ? `${formatCost(Number(left[period]))} of ${whole} a ${period}` : `${whole} a ${period}`;
  });
  return parts.join(", ") || "none";
}
