/**
 * Parley's streams for browsers and for Node 20 and newer; nothing else is needed.
 *
 *     import { chat } from "/parley.js";
 *     for await (const { event, data } of chat({ message: "My name is Ada." }))
 *       if (event === "delta") show(data.text);
 *
 * A connection that breaks is taken up where it was, without a gap and without asking twice. The
 * loop ends after `done`; whatever else ends an answer is thrown as a ParleyError. Who leaves the
 * loop, or aborts the `signal`, stops the answer at its provider, too.
 */

/**
 * @typedef {object} Options of every function here; all others are the body, as the API has it
 * @property {string} [url] where Parley is, as "https://ai.example.com"; default: this page's server
 * @property {string} [key] sent as a bearer token
 * @property {Record<string, string> | (() => Record<string, string>)} [headers] more of them
 * @property {RequestCredentials} [credentials] of fetch; "include" for a session elsewhere
 * @property {AbortSignal} [signal]
 * @property {number} [retries] attempts in a row that bring nothing new; default: 6
 * @property {typeof fetch} [fetch]
 *
 * @typedef {object} Event
 * @property {number} id its number, from 1 without a gap
 * @property {"start" | "delta" | "reasoning" | "tool_call" | "tool_result" | "approval" | "step"
 *   | "partial" | "usage" | "done"} event later servers may have others
 * @property {any} data
 * @property {string} json `data` as it came, with the digits of its numbers
 *
 * @typedef {AsyncGenerator<Event, void, void>} Events
 *
 * @typedef {{id: string, after: number, body?: string, once?: string, path: string}} Run
 */

const SILENCE_MS = 30_000; // a heartbeat comes every 10 s
const OPENING_MS = 10_000; // for an answer that nobody waits for any more, to say how to stop it
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;
const LONGEST_RETRY_AFTER = 30; // seconds; who is told to wait longer decides for themselves
const RETRIES = 6;
const OPENING_RETRIES = 2; // somebody watches an empty screen
const AWAY = new Set([502, 503, 504]);

/** What went wrong, in the words of a problem document (RFC 9457). Branch on its `code`. */
export class ParleyError extends Error {
  /**
   * @param {{status?: number, code?: string, detail?: string, retryable?: boolean,
   *   request_id?: string, retry_after?: number, [more: string]: any}} problem
   * @param {{cause?: unknown, json?: string}} [more]
   */
  constructor(problem, { cause, json = "" } = {}) {
    super(problem.detail || "Something went wrong.", cause === undefined ? {} : { cause });
    this.name = "ParleyError";
    this.status = problem.status ?? 0;
    this.code = problem.code ?? "unknown";
    this.detail = this.message;
    /** Whether the same may succeed later. */
    this.retryable = problem.retryable ?? false;
    /** What the server's log has it under. */
    this.requestId = problem.request_id ?? "";
    /** In so many seconds, if the server has said so. */
    this.retryAfter = problem.retry_after;
    /** All of it, with the members that only some problems have. */
    this.problem = problem;
    this.json = json;
  }
}

/** @param {Options & {message: string, [field: string]: any}} options @returns {Events} */
export const chat = (options) => ask("/api/chat/stream", options);

/** @param {Options & {conversation_id: string, [field: string]: any}} options @returns {Events} */
export const regenerate = ({ conversation_id, ...options }) =>
  ask(`/api/conversations/${encodeURIComponent(conversation_id)}/regenerate/stream`, options);

/** @param {Options & {message: string, [field: string]: any}} options @returns {Events} */
export const agent = (options) => ask("/api/agent/stream", options);

/**
 * @param {string} name one that answers with data, as an extraction, is not `repeatable`
 * @param {Options & {variables?: object, repeatable?: boolean, [field: string]: any}} [options] @returns {Events}
 */
export const prompt = (name, { repeatable = true, ...options } = {}) =>
  ask(`/api/prompts/${encodeURIComponent(name)}/stream`, options, { repeatable });

/** @param {Options & {text: string, schema: any, [field: string]: any}} options @returns {Events} */
export const extract = (options) => ask("/api/extract/stream", options, { repeatable: false });

/**
 * The events of a run that was begun elsewhere, or has been approved, after number `after`.
 * @param {string} runId @param {Options & {after?: number}} [options] @returns {Events}
 */
export const resume = (runId, { after = 0, ...options } = {}) =>
  follow({ id: runId, after, path: "" }, options);

/**
 * Ends a run: its stream then ends with `done`, what was said is kept.
 * @param {string} runId @param {Options} [options] @returns {Promise<any>} the run
 */
export async function stop(runId, options = {}) {
  const path = `/api/runs/${encodeURIComponent(runId)}/stop`;
  // It arrives even if the page is just being left.
  return (await send(path, options, { method: "POST", keepalive: true })).json();
}

/**
 * @param {string} path @param {Options & Record<string, any>} options
 * @param {{repeatable?: boolean}} [how] @returns {Events}
 */
function ask(path, options, { repeatable = true } = {}) {
  const { url, key, headers, credentials, signal, retries, fetch, ...fields } = options;
  const body = JSON.stringify({ on_disconnect: "continue", ...fields });
  const door = { url, key, headers, credentials, signal, retries, fetch };
  const run = { id: "", after: 0, path, body, once: repeatable ? chance() : undefined };
  return follow(run, door, fields.on_disconnect ?? "continue");
}

/** @param {Run} run @param {Options} door @param {string} [onDisconnect] @returns {Events} */
async function* follow(run, door, onDisconnect = "finish") {
  const { signal, retries = RETRIES } = door;
  let isOver = run.path === ""; // who only looks on ends nothing
  let failures = 0;
  const leave = () => void (!isOver && run.id && stop(run.id, door).catch(() => {}));
  const leavePage = () => onDisconnect === "continue" && leave();
  globalThis.addEventListener?.("pagehide", leavePage);
  try {
    for (;;) {
      const before = run.after;
      /** @type {any} */
      let trouble = new TypeError("The stream ended without its end.");
      try {
        for await (const event of connection(run, door)) {
          run.after = event.id || run.after;
          if (event.event === "start") run.id ||= event.data.run_id ?? "";
          isOver ||= event.event === "done";
          yield event;
          if (event.event === "done") return;
        }
      } catch (error) {
        isOver ||= error instanceof ParleyError && error.json !== "";
        if (isOver) throw error;
        trouble = error;
      }
      signal?.throwIfAborted();
      failures = run.after > before ? 1 : failures + 1;
      const most = run.id ? retries : Math.min(retries, OPENING_RETRIES);
      if (failures > most || !isPassing(run, trouble)) throw lost(run, trouble);
      const wait = Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
      await pause(Math.max(wait, 1000 * (trouble.retryAfter ?? 0)), signal);
    }
  } finally {
    globalThis.removeEventListener?.("pagehide", leavePage);
    leave();
  }
}

/**
 * The run's events as far as one connection brings them; its `error` is thrown.
 * @param {Run} run @param {Options} door @returns {Events}
 */
async function* connection(run, door) {
  const { signal } = door;
  signal?.throwIfAborted();
  const line = new AbortController();
  const asked = run.id
    ? send(`/api/runs/${encodeURIComponent(run.id)}/events?after=${run.after}`, door, { line })
    : send(run.path, door, { method: "POST", body: run.body, once: run.once, line });
  const response = await unlessAborted(asked, line, door);
  run.id ||= response.headers.get("X-Run-ID") ?? "";
  const hangUp = () => line.abort(signal?.reason);
  signal?.addEventListener("abort", hangUp);
  try {
    for await (const event of events(response.body, line)) {
      if (event.event === "error") throw new ParleyError(event.data, { json: event.json });
      yield event;
    }
  } finally {
    signal?.removeEventListener("abort", hangUp);
    line.abort();
  }
}

/**
 * The answer, but no longer than somebody wants it; one that comes later is stopped.
 * @param {Promise<Response>} asked @param {AbortController} line @param {Options} door
 * @returns {Promise<Response>}
 */
function unlessAborted(asked, line, door) {
  const { signal } = door;
  if (!signal) return asked;
  return new Promise((resolve, reject) => {
    const leave = () => {
      reject(signal.reason);
      const patience = /** @type {any} */ (setTimeout(() => line.abort(), OPENING_MS));
      patience.unref?.(); // Node would wait for it
      const end = (/** @type {Response} */ late) => stop(late.headers.get("X-Run-ID") ?? "", door);
      asked.then(end).catch(() => {}).finally(() => line.abort());
    };
    signal.addEventListener("abort", leave);
    asked.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

/**
 * @param {string} path @param {Options} door
 * @param {{method?: string, body?: string, once?: string, keepalive?: boolean,
 *   line?: AbortController}} [more]
 * @returns {Promise<Response>} one of the 200s; throws a ParleyError, or what fetch throws
 */
async function send(path, door, { once, line, ...more } = {}) {
  const { url = "", key, headers, credentials, fetch = globalThis.fetch } = door;
  const all = new Headers(typeof headers === "function" ? headers() : headers);
  if (more.body !== undefined) all.set("Content-Type", "application/json");
  if (key) all.set("Authorization", `Bearer ${key}`);
  if (once) all.set("Idempotency-Key", once);
  const init = { ...more, headers: all, credentials, signal: line?.signal };
  const response = await fetch(url.replace(/\/$/, "") + path, init);
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const detail = said.detail || `The server answered with an error (${response.status}).`;
  const retry_after = said.retry_after ?? (Number(response.headers.get("Retry-After")) || undefined);
  throw new ParleyError({ ...said, status: response.status, detail, retry_after });
}

/**
 * Whether trouble may be over in a moment: a connection's, or a server's that is being replaced.
 * @param {Run} run @param {any} trouble
 */
function isPassing(run, trouble) {
  if (!run.id && !run.once) return false;
  if (!(trouble instanceof ParleyError)) return true;
  return AWAY.has(trouble.status) && (trouble.retryAfter ?? 0) <= LONGEST_RETRY_AFTER;
}

/** @param {Run} run @param {any} trouble */
function lost(run, trouble) {
  if (!run.id && trouble instanceof ParleyError) return trouble;
  const [code, detail] = run.id
    ? ["connection_lost", "The connection was lost before the answer was complete."]
    : ["unreachable", "The server could not be reached. Check the connection and try again."];
  return new ParleyError({ code, detail, retryable: true }, { cause: trouble });
}

/**
 * The events of a response's body; an unfinished last one is discarded.
 * @param {ReadableStream<Uint8Array> | null} body
 * @param {AbortController} [line] aborted when nothing comes any more, not even a heartbeat
 * @returns {Events}
 */
export async function* events(body, line) {
  if (!body) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const hangUp = () => line?.abort(new TypeError("The server is silent."));
  /** @type {Record<string, string>} */
  let frame = {};
  let rest = "";
  try {
    for (let isDone = false; !isDone; ) {
      const timer = setTimeout(hangUp, SILENCE_MS);
      const part = await reader.read().finally(() => clearTimeout(timer));
      isDone = part.done;
      rest += decoder.decode(part.value, { stream: !isDone });
      // A CR at the end may be half of a CRLF.
      const lines = rest.split(isDone ? /\r\n|\n|\r/ : /\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const text of lines) {
        if (text !== "") read(text, frame);
        else if (frame.data !== undefined) yield eventOf(frame);
        if (text === "") frame = { id: frame.id };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {string} line @param {Record<string, string>} frame */
function read(line, frame) {
  const [, name, value] = /** @type {string[]} */ (/^([^:]*)(?:: ?)?(.*)$/s.exec(line));
  frame[name] = name === "data" && frame.data !== undefined ? `${frame.data}\n${value}` : value;
}

/** @param {Record<string, string>} frame @returns {Event} */
const eventOf = ({ id, event, data }) =>
  ({ id: Number(id) || 0, event: /** @type {any} */ (event || "message"), data: JSON.parse(data), json: data });

/** Thirty-two hexadecimal digits; randomUUID is for secure contexts only. */
const chance = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");

/** @param {number} milliseconds @param {AbortSignal} [signal] @returns {Promise<void>} */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const wake = () => (clearTimeout(timer), reject(signal?.reason));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", wake), resolve()), milliseconds);
    signal?.addEventListener("abort", wake, { once: true });
  });
}
