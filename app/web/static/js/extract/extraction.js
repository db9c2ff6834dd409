/** One extraction: asks for it, follows its events, ends it when told to. */

import { extract, stop } from "/parley.js";
import { Problem, door, heed } from "../api.js";
import { parseExact } from "./exact.js";

const STOP_PATIENCE_MS = 2000;
const LOST = new Problem({
  code: "connection_lost",
  detail: "The connection was lost before the extraction was complete. Try again.",
  retryable: true,
});

/**
 * @typedef {import("./words.js").Field} Field
 * @typedef {import("./words.js").Issue} Issue
 * @typedef {import("../tree.js").Usage} Usage
 * @typedef {{number: number, part?: number, model: string, usage: Usage | null,
 *   cost_usd: number | string | null, issues: Issue[]}} Attempt
 * @typedef {object} Result
 * @property {any} data
 * @property {Field[]} fields
 * @property {Issue[]} issues
 * @property {Attempt[]} attempts
 * @property {[number, number][]} missing_ranges in code points
 * @property {string} model
 * @property {{name?: string, version?: string, loosened?: any[]}} schema
 * @property {string[]} flags
 * @property {Usage} usage
 * @property {number | string | null} cost_usd
 * @typedef {{text: string, schema: string | object, model?: string, locale?: string}} Request
 */

export class Extraction {
  /** @type {"running" | "done" | "failed" | "stopped"} */
  state = "running";
  model = "";
  /** @type {Map<number, any>} what has come of each part of the text, unchecked */
  parts = new Map();
  /** @type {string[]} what was told on the way */
  steps = [];
  /** @type {{usage: Usage | null, cost_usd: any}} */
  spent = { usage: null, cost_usd: null };
  /** @type {Result | null} */
  result = null;
  /** @type {Problem | null} */
  problem = null;
  #runId = "";
  #stopping = false;
  #abort = new AbortController();

  /**
   * @param {Request} request
   * @param {() => void} onChange
   */
  constructor(request, onChange) {
    this.request = request;
    this.onChange = onChange;
  }

  /** Whether there is a run; else the server refused, and nobody was asked. */
  get started() {
    return this.#runId !== "";
  }

  /** Follows the stream to its end; never throws what the server or the network did. */
  async follow() {
    try {
      const options = { ...this.request, ...door, signal: this.#abort.signal };
      for await (const { event, data, json } of extract(options)) this.#take(event, data, json);
    } catch (error) {
      heed(error);
      if (this.state === "running") this.#fail(told(error));
    }
  }

  /** Asks the server to stop, reads on until it has, and hangs up if that takes too long. */
  async stop() {
    if (this.#stopping || this.state !== "running") return;
    this.#stopping = true;
    if (!this.#runId) return this.#abort.abort();
    setTimeout(() => this.#abort.abort(), STOP_PATIENCE_MS);
    await stop(this.#runId, door).catch(() => this.#abort.abort());
  }

  /**
   * @param {string} event
   * @param {any} data
   * @param {string} text the same
   */
  #take(event, data, text) {
    if (event === "start") [this.#runId, this.model] = [data.run_id, data.model];
    else if (event === "partial") this.parts.set(data.part ?? 1, parseExact(text).data);
    else if (event === "step") this.steps.push(data.summary);
    else if (event === "usage") this.spent = { usage: data, cost_usd: data.cost_usd };
    else if (event === "done") this.#done(data, text);
    this.onChange();
  }

  /**
   * @param {any} data
   * @param {string} text the same
   */
  #done(data, text) {
    this.spent = { usage: data.usage, cost_usd: data.cost_usd };
    if (!data.fields) return this.#end("stopped");
    this.result = { ...data, data: parseExact(text).data };
    this.#end("done");
  }

  /** @param {Problem} problem */
  #fail(problem) {
    this.problem = this.#stopping ? null : problem;
    const { usage, cost_usd } = problem.problem;
    if (usage) this.spent = { usage, cost_usd };
    this.#end(this.#stopping ? "stopped" : "failed");
  }

  /** @param {"done" | "failed" | "stopped"} state */
  #end(state) {
    this.state = state;
    this.onChange();
  }
}

/**
 * What was wrong: the server's own word, with the digits of its numbers, or the connection.
 * @param {unknown} error
 */
function told(error) {
  if (!(error instanceof Problem) || error.code === LOST.code) return LOST;
  if (error.json === "") return error;
  return new Problem({ ...error.problem, candidate: parseExact(error.json).candidate });
}
