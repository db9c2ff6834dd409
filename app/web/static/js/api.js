/** The one place that calls the server. Whatever goes wrong arrives as a Problem. */

import { key } from "./session.js";

/** A problem document (RFC 9457), or a failure told in the same words. */
export class Problem extends Error {
  /**
   * @param {{status?: number, code?: string, detail?: string, retryable?: boolean,
   *   [more: string]: any}} members
   */
  constructor(members) {
    const { status = 0, code = "unknown", detail, retryable = false } = members;
    super(detail || "Something went wrong.");
    this.status = status;
    this.code = code;
    this.detail = this.message;
    this.retryable = retryable;
    this.members = members;
  }
}

/** @type {(problem: Problem) => void} */
let unauthorised = () => {};

/** @param {(problem: Problem) => void} handler called whenever the server asks for a key */
export function onUnauthorised(handler) {
  unauthorised = handler;
}

/**
 * @typedef {{method?: string, body?: object, signal?: AbortSignal}} Options
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<Response>} an answer of the 200s
 */
export async function call(path, options = {}) {
  const response = await reach(path, options);
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401) unauthorised(problem);
  throw problem;
}

/**
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function json(path, options) {
  const response = await call(path, options);
  return response.status === 204 ? null : response.json();
}

/**
 * @param {string} path
 * @param {object} [body]
 * @param {AbortSignal} [signal]
 */
export const post = (path, body = {}, signal) => json(path, { method: "POST", body, signal });

/**
 * @param {string} path
 * @param {Options} options
 */
async function reach(path, { method = "GET", body, signal }) {
  try {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    return await fetch(path, { method, signal, headers: headers(sent), body: sent });
  } catch (error) {
    if (signal?.aborted) throw error;
    const detail = "The server could not be reached. Check the connection and try again.";
    throw new Problem({ code: "unreachable", detail, retryable: true });
  }
}

/** @param {string | undefined} sent */
function headers(sent) {
  const all = new Headers();
  if (sent !== undefined) all.set("Content-Type", "application/json");
  const known = key();
  if (known) all.set("Authorization", `Bearer ${known}`);
  return all;
}

/** @param {Response} response */
async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  const detail = body.detail || `The server answered with an error (${response.status}).`;
  return new Problem({ ...body, status: response.status, detail });
}
