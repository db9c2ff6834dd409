/** One generation: asks for it, follows its events into the thread, ends it when told to. */

import { resume, stop } from "/parley.js";
import { untilDecided } from "./agent/waiting.js";
import { Work } from "./agent/work.js";
import { Problem, door, heed } from "./api.js";

const STOP_PATIENCE_MS = 2000;
const AT_WORK = ["tool_call", "tool_result", "approval", "step"];
const LOST = {
  code: "connection_lost",
  detail: "the connection was lost before the answer was complete.",
  retryable: true,
};

/**
 * @typedef {import("./tree.js").Message} Message
 * @typedef {import("./thread.js").Thread} Thread
 * @typedef {(options: any) => AsyncIterable<{id: number, event: string, data: any}>} Open
 */

export class Run {
  started = false;
  stopping = false;
  #runId = "";
  #after = 0;
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
   * Follows the events to their end. Throws what went wrong before the answer began.
   * @param {Open} open
   * @param {object} body
   */
  async follow(open, body) {
    try {
      const { signal } = this.#abort;
      let events = open({ ...body, ...door, signal });
      while (await this.#isParked(events)) events = resume(this.#runId, { ...door, after: this.#after, signal });
    } catch (error) {
      heed(error);
      if (!this.started) throw this.stopping ? null : error;
      this.#broken(error);
    }
  }

  /**
   * Whether the events end because calls waited for a person, who by now has decided.
   * @param {AsyncIterable<{id: number, event: string, data: any}>} events
   */
  async #isParked(events) {
    for await (const { id, event, data } of events) {
      if (event === "done" && data.stop_reason === "approval") return this.#wait(data);
      this.#after = id;
      this.#take(event, data);
    }
    return false;
  }

  /** @param {any} data */
  async #wait({ expires_at, usage, cost_usd }) {
    const work = this.#work;
    Object.assign(this.answer, { usage, cost_usd });
    work.park(expires_at);
    this.thread.changed();
    await untilDecided(this.#runId, work, this.#abort.signal);
    work.goOn();
    this.thread.changed();
    return true;
  }

  get #work() {
    this.answer.work ??= new Work();
    return this.answer.work;
  }

  /** Asks the server to stop, reads on until it has, and hangs up if that takes too long. */
  async stop() {
    if (this.stopping) return;
    this.stopping = true;
    if (!this.started) return this.#abort.abort();
    setTimeout(() => this.#abort.abort(), STOP_PATIENCE_MS);
    await stop(this.#runId, door).catch(() => this.#abort.abort());
    this.answer.work?.wake();
  }

  /**
   * @param {string} event
   * @param {any} data
   */
  #take(event, data) {
    if (event === "start") this.#start(data);
    else if (event === "delta") this.#delta(data.text);
    else if (event === "reasoning") this.#reasoning(data.text);
    else if (AT_WORK.includes(event)) this.#working(event, data);
    else if (event === "done") this.#done(data);
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

  /**
   * @param {string} event
   * @param {any} data
   */
  #working(event, data) {
    this.#work.take(event, data);
    this.thread.onChange?.({ type: "work", message: this.answer, text: "" });
  }

  /** @param {any} data */
  #done({ finish_reason, usage, cost_usd }) {
    const status = finish_reason === "stopped" ? "incomplete" : "complete";
    Object.assign(this.answer, { status, finish_reason, usage, cost_usd });
  }

  /** @param {unknown} error the server's own word, or the connection's end */
  #broken(error) {
    const said = error instanceof Problem && error.json !== "";
    const ending = said ? { finish_reason: "error", error: error.problem } : { error: LOST };
    const stopped = this.stopping && !said;
    Object.assign(this.answer, { status: "incomplete", ...(stopped ? { finish_reason: "stopped" } : ending) });
  }
}
