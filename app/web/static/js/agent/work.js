/** What an agent does for an answer, as its events tell it: calls of tools, and steps. */

/**
 * @typedef {object} Call
 * @property {string} call_id
 * @property {string} name
 * @property {string} arguments JSON, or what the model wrote in its place
 * @property {"running" | "waiting" | "done" | "failed" | "denied"} state
 * @property {number} began in milliseconds of this page
 * @property {number | null} seconds
 * @property {string} [output]
 * @property {string} [error]
 *
 * @typedef {{call_id: string, name: string, arguments: string, output?: string, error?: string,
 *   seconds: number}} Called
 * @typedef {{index: number, summary: string, model: string, asked: string, said: string,
 *   calls: Called[], seconds: number, usage: import("../tree.js").Usage,
 *   cost_usd: number | null, last: boolean}} Step
 */

export class Work {
  /** @type {Call[]} in the order in which the model wrote them */
  calls = [];
  /** @type {Step[]} */
  steps = [];
  /** Until when somebody may decide, while calls wait. @type {string | null} */
  expiresAt = null;
  #wake = () => {};

  /** Those that a person has to decide about. */
  get waiting() {
    return this.expiresAt === null ? [] : this.calls.filter(({ state }) => state === "waiting");
  }

  /**
   * @param {string} event
   * @param {any} data
   */
  take(event, data) {
    if (event === "tool_call") this.#called(data);
    else if (event === "tool_result") this.#told(data);
    else if (event === "approval") this.#decided(data);
    else if (event === "step") this.#stepped(data);
  }

  /** @param {string} expiresAt */
  park(expiresAt) {
    this.expiresAt = expiresAt;
  }

  goOn() {
    this.expiresAt = null;
  }

  /** Somebody here has decided, or stopped it: no need to wait for news. */
  wake() {
    this.#wake();
  }

  /** @param {number} milliseconds @returns {Promise<void>} sooner, if woken */
  sleep(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => (clearTimeout(timer), resolve());
    });
  }

  /** @param {any} data */
  #called({ call_id, name, arguments: written, needs_approval }) {
    const state = needs_approval ? "waiting" : "running";
    this.calls.push({ call_id, name, arguments: written, state, began: performance.now(), seconds: null });
  }

  /** @param {any} data */
  #told({ call_id, output, error }) {
    const call = this.#find(call_id);
    if (!call) return;
    const state = error === undefined ? "done" : "failed";
    const seconds = (performance.now() - call.began) / 1000;
    Object.assign(call, { output, error, seconds, state: call.state === "denied" ? "denied" : state });
  }

  /** @param {any} data */
  #decided({ call_id, decision, arguments: edited }) {
    const call = this.#find(call_id);
    if (!call) return;
    call.state = decision === "deny" ? "denied" : "running";
    call.began = performance.now();
    if (edited !== undefined) call.arguments = edited;
  }

  /** @param {Step} step */
  #stepped(step) {
    this.steps.push(step);
    for (const { call_id, seconds } of step.calls) {
      const call = this.#find(call_id);
      if (call) call.seconds = seconds;
    }
  }

  /** @param {string} id the newest that has it: a model may use one twice */
  #find(id) {
    return this.calls.findLast((call) => call.call_id === id);
  }
}
