/** One generation: asks for it, follows its events into the thread, ends it when told to. */

import { Problem, call, post } from "./api.js";
import { serverEvents } from "./sse.js";

const STOP_PATIENCE_MS = 2000;
const LOST = {
  code: "connection_lost",
  detail: "the connection was lost before the answer was complete.",
  retryable: true,
};

/**
 * @typedef {import("./tree.js").Message} Message
 * @typedef {import("./thread.js").Thread} Thread
 */

export class Run {
  started = false;
  stopping = false;
  #ended = false;
  #runId = "";
  #abort = new AbortController();

  /**
   * @param {Thread} thread
   * @param {{answer: Message, question: Message | null}} messages question: the new one, if any
   * @param {(run: Run) => void} onStart
   */
  constructor(thread, { answer, question }, onStart) {
    this.thread = thread;
    this.answer = answer;
    this.question = question;
    this.onStart = onStart;
  }

  /**
   * Follows the stream to its end. Throws what went wrong before the answer began.
   * @param {string} path
   * @param {object} body
   */
  async follow(path, body) {
    try {
      const response = await call(path, { method: "POST", body, signal: this.#abort.signal });
      for await (const { event, data } of serverEvents(response)) this.#take(event, JSON.parse(data));
      if (!this.#ended) this.#lost();
    } catch (error) {
      if (!this.started) throw this.stopping ? null : error;
      if (!this.#ended) this.#lost();
    }
  }

  /** Asks the server to stop, reads on until it has, and hangs up if that takes too long. */
  async stop() {
    if (this.stopping) return;
    this.stopping = true;
    if (!this.started) return this.#abort.abort();
    setTimeout(() => this.#abort.abort(), STOP_PATIENCE_MS);
    await post(`/api/runs/${this.#runId}/stop`).catch(() => this.#abort.abort());
  }

  /**
   * @param {string} event
   * @param {any} data
   */
  #take(event, data) {
    if (event === "start") this.#start(data);
    else if (event === "delta") this.#delta(data.text);
    else if (event === "reasoning") this.#reasoning(data.text);
    else if (event === "done") this.#done(data);
    else if (event === "error") this.#error(data);
  }

  /** @param {any} data */
  #start({ run_id, conversation_id, message_id, user_message_id, model, truncated_turns }) {
    if (this.thread.leafId === this.answer.id) this.thread.leafId = message_id;
    if (this.question) this.question.id = user_message_id;
    if (user_message_id) this.answer.parent_id = user_message_id;
    Object.assign(this.answer, { id: message_id, run_id, model, truncated_turns });
    this.thread.id = conversation_id;
    this.#runId = run_id;
    this.started = true;
    this.thread.changed();
    this.onStart(this);
  }

  /** @param {string} text */
  #delta(text) {
    this.answer.content += text;
    this.thread.onChange?.({ type: "delta", message: this.answer, text });
  }

  /** @param {string} text */
  #reasoning(text) {
    this.answer.reasoning = (this.answer.reasoning ?? "") + text;
    this.thread.onChange?.({ type: "reasoning", message: this.answer, text });
  }

  /** @param {any} data */
  #done({ finish_reason, usage, cost_usd }) {
    const status = finish_reason === "stopped" ? "incomplete" : "complete";
    this.#end({ status, finish_reason, usage, cost_usd });
  }

  /** @param {any} problem */
  #error(problem) {
    if (!this.started) throw new Problem(problem);
    this.#end({ status: "incomplete", finish_reason: "error", error: problem });
  }

  #lost() {
    const ending = this.stopping ? { finish_reason: "stopped" } : { error: LOST };
    this.#end({ status: "incomplete", ...ending });
  }

  /** @param {Partial<Message>} fields */
  #end(fields) {
    this.#ended = true;
    Object.assign(this.answer, fields);
  }
}
