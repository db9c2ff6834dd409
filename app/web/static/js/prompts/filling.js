/** One run of a prompt: asks for it, follows its events, ends it when told to. */

import { prompt, stop } from "/parley.js";
import { Problem, door, heed } from "../api.js";
import { parseExact } from "../extract/exact.js";

const STOP_PATIENCE_MS = 2000;
const LOST = "The connection was lost before the answer was complete.";

/**
 * @typedef {import("../tree.js").Message} Message
 * @typedef {{variables: Record<string, unknown>, model?: string, repeatable: boolean}} Body
 */

export class Filling {
  text = "";
  /** @type {Problem | null} what the server had against it, before anybody was asked */
  refusal = null;
  /** How it stands, as an answer of the chat. @type {Message} */
  answer = { id: "", parent_id: null, role: "assistant", content: "", status: "streaming" };
  #runId = "";
  #stopping = false;
  #abort = new AbortController();

  /** @param {(added: string) => void} onText */
  constructor(onText) {
    this.onText = onText;
  }

  /**
   * Follows the stream to its end; never throws what the server or the network did.
   * @param {string} name
   * @param {Body} body
   */
  async follow(name, body) {
    try {
      const options = { ...body, ...door, signal: this.#abort.signal };
      for await (const { event, data, json } of prompt(name, options)) this.#take(event, data, json);
    } catch (error) {
      heed(error);
      this.#broken(error);
    }
  }

  /** Asks the server to stop, reads on until it has, and hangs up if that takes too long. */
  async stop() {
    if (this.#stopping || this.answer.status !== "streaming") return;
    this.#stopping = true;
    if (!this.#runId) return this.#abort.abort();
    setTimeout(() => this.#abort.abort(), STOP_PATIENCE_MS);
    await stop(this.#runId, door).catch(() => this.#abort.abort());
  }

  /**
   * @param {string} event
   * @param {any} data
   * @param {string} json the same
   */
  #take(event, data, json) {
    if (event === "start") {
      this.#runId = data.run_id;
      this.answer.model = data.model;
    } else if (event === "delta") this.#say(data.text);
    else if (event === "done") this.#done(data, json);
  }

  /** @param {string} text */
  #say(text) {
    this.text += text;
    this.onText(text);
  }

  /**
   * @param {any} data
   * @param {string} json the same, with the digits of its numbers
   */
  #done(data, json) {
    if (data.fields) this.#say(`\`\`\`json\n${JSON.stringify(parseExact(json).data, null, 2)}\n\`\`\`\n`);
    const { finish_reason = "stop", usage, cost_usd, model = this.answer.model } = data;
    const status = finish_reason === "stopped" ? "incomplete" : "complete";
    Object.assign(this.answer, { status, finish_reason, usage, cost_usd, model });
  }

  /** @param {unknown} error */
  #broken(error) {
    this.answer.status = "incomplete";
    const known = error instanceof Problem ? error : new Problem({ detail: LOST, retryable: true });
    if (this.#stopping) this.answer.finish_reason = "stopped";
    else if (!this.#runId) this.refusal = known;
    else this.answer.error = { detail: known.detail, retryable: known.retryable };
  }
}
