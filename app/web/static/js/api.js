/** The one place that calls the server. Whatever goes wrong arrives as a Problem. */

import { ParleyError as Problem } from "/parley.js";
import { csrf, rememberCsrf } from "./session.js";

export { Problem };

/** What the streams of parley.js are asked with, besides their body. */
export const door = { headers: () => Object.fromEntries(headers(undefined)) };

/** @type {(problem: Problem) => void} */
let unauthorised = () => {};

/** @param {(problem: Problem) => void} handler called whenever the server asks for a key */
export function onUnauthorised(handler) {
  unauthorised = handler;
}

/**
 * Asks for the key, if that is what a stream lacked; and for what belongs to the cookie, if that
 * has become another one, as it does when somebody signs in anew in another tab.
 * @param {unknown} error
 */
export function heed(error) {
  if (!(error instanceof Problem)) return;
  if (error.status === 401) unauthorised(error);
  if (error.code === "csrf_refused") void renew();
}

async function renew() {
  const response = await reach("/api/session", {});
  rememberCsrf(response.ok ? (await response.json()).csrf_token : null);
}

/**
 * @typedef {{method?: string, body?: object, signal?: AbortSignal}} Options
 * @param {string} path
 * @param {Options} [options]
 * @param {boolean} [again] whether it has been tried before
 * @returns {Promise<Response>} an answer of the 200s
 */
export async function call(path, options = {}, again = false) {
  const response = await reach(path, options);
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.code === "csrf_refused" && !again) {
    await renew();
    return call(path, options, true);
  }
  heed(problem);
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
  const known = csrf();
  if (known) all.set("X-CSRF-Token", known);
  return all;
}

/** @param {Response} response */
async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  const detail = body.detail || `The server answered with an error (${response.status}).`;
  return new Problem({ ...body, status: response.status, detail });
}
