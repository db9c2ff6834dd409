/** Server-sent events over fetch, for which EventSource is no use: it cannot POST. */

/**
 * @typedef {{event: string, data: string, id: string}} ServerEvent
 */

/** An incremental parser: give it text as it comes, take the events that are complete. */
export class SseParser {
  #rest = "";
  #skipLineFeed = false;
  /** @type {string[]} */
  #data = [];
  #event = "";
  #id = "";

  /**
   * @param {string} text
   * @returns {ServerEvent[]}
   */
  push(text) {
    const fresh = this.#withoutSplitLineFeed(text);
    const lines = (this.#rest + fresh).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    return lines.map((line) => this.#line(line)).filter((event) => event !== null);
  }

  /**
   * A CR at the end of one read ends its line at once; a LF at the start of the next belongs to it.
   * @param {string} text
   */
  #withoutSplitLineFeed(text) {
    if (text === "") return text;
    const fresh = this.#skipLineFeed && text[0] === "\n" ? text.slice(1) : text;
    this.#skipLineFeed = text.endsWith("\r");
    return fresh;
  }

  /**
   * @param {string} line
   * @returns {ServerEvent | null}
   */
  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    this.#field(name, value);
    return null;
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  #field(name, value) {
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }

  /** @returns {ServerEvent | null} */
  #dispatch() {
    const complete = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    const hasData = this.#data.length > 0;
    this.#data = [];
    this.#event = "";
    return hasData ? complete : null;
  }
}

/**
 * The events of a response. An unfinished last one is discarded, as the standard says.
 * @param {Response} response
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* serverEvents(response) {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      yield* parser.push(decoder.decode(read.value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
