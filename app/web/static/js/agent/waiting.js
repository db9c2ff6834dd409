/** A run that waits for a person: what is decided here, and what is decided elsewhere. */

import { Problem, json, post } from "../api.js";

const LOOK_MS = 3000;

/** @typedef {import("./work.js").Work} Work */

/** @param {string} runId */
const pathOf = (runId) => `/api/runs/${encodeURIComponent(runId)}`;

/**
 * Returns when the run goes on or has ended: because all is decided, here or in another window, or
 * because nobody has decided in time.
 * @param {string} runId
 * @param {Work} work
 * @param {AbortSignal} signal
 */
export async function untilDecided(runId, work, signal) {
  const wake = () => work.wake();
  signal.addEventListener("abort", wake);
  try {
    while (await stillWaits(runId, signal)) await work.sleep(LOOK_MS);
  } finally {
    signal.removeEventListener("abort", wake);
  }
}

/**
 * @param {string} runId
 * @param {AbortSignal} signal
 */
async function stillWaits(runId, signal) {
  signal.throwIfAborted();
  if (document.hidden) return true;
  try {
    return (await json(`${pathOf(runId)}/steps`, { signal })).waiting.length > 0;
  } catch (error) {
    if (error instanceof Problem && error.retryable) return true;
    throw error;
  }
}

/**
 * @param {string} runId
 * @param {string} callId
 * @param {"approve" | "edit" | "deny"} decision
 * @param {object} [edited] with edit: the arguments to call it with
 */
export const decide = (runId, callId, decision, edited) =>
  post(`${pathOf(runId)}/approvals/${encodeURIComponent(callId)}`, { decision, arguments: edited });

/**
 * @param {string} runId
 * @returns {Promise<import("./work.js").Step[]>}
 */
export const stepsOf = async (runId) => (await json(`${pathOf(runId)}/steps`)).steps;
