/** What an answer took, and how it ended, in words. */

/** @typedef {import("./tree.js").Message} Message */

const count = new Intl.NumberFormat("en-US");
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const cents = new Intl.NumberFormat("en-US", {
  style: "currency",
  currency: "USD",
  minimumSignificantDigits: 1,
  maximumSignificantDigits: 3,
});

/**
 * @param {Message} message
 * @returns {string[]} the parts of the line under an answer
 */
export function usageParts({ model, usage, cost_usd, truncated_turns }) {
  const parts = [model ?? "", ...(usage ? tokenParts(usage) : []), costPart(cost_usd)];
  if (truncated_turns) parts.push(`${plural(truncated_turns, "earlier turn")} left out`);
  return parts.filter(Boolean);
}

/** @param {import("./tree.js").Usage} usage */
function tokenParts({ input_tokens, cached_input_tokens, output_tokens, reasoning_tokens }) {
  const cached = cached_input_tokens ? ` (${count.format(cached_input_tokens)} cached)` : "";
  const reasoning = reasoning_tokens ? ` (${count.format(reasoning_tokens)} reasoning)` : "";
  return [
    `${plural(input_tokens, "token")} in${cached}`,
    `${count.format(output_tokens)} out${reasoning}`,
  ];
}

/** @param {number | string | null | undefined} cost */
function costPart(cost) {
  return cost === null || cost === undefined || cost === "" ? "" : formatCost(Number(cost));
}

/** @param {number} amount in US dollars; small ones keep the digits that say something */
export const formatCost = (amount) => (amount === 0 || amount >= 1 ? dollars : cents).format(amount);

/**
 * @param {number} number
 * @param {string} word
 */
const plural = (number, word) => `${count.format(number)} ${word}${number === 1 ? "" : "s"}`;

/**
 * How an answer ended, where that is not simply well.
 * @param {Message} message
 * @returns {string}
 */
export function endingOf({ status, finish_reason, error }) {
  if (status === "streaming") return "";
  if (error) return `Cut off: ${error.detail}`;
  if (finish_reason === "stopped") return "Stopped";
  if (finish_reason === "length") return "Cut off: the answer reached the limit of its length.";
  if (finish_reason === "content_filter") return "Cut off: the rest was withheld by a content filter.";
  return status === "incomplete" ? "Incomplete" : "";
}

/**
 * @param {Message} message
 * @returns {boolean} whether asking again can help
 */
export function canRetry({ status, error }) {
  return status === "incomplete" && (error ? Boolean(error.retryable) : true);
}
