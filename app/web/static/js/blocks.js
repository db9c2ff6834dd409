/** Where a Markdown text that is still growing can be cut. */

const FENCE = /^\s*(`{3,}|~{3,})(.*)$/;
const MAY_CONTINUE = /^(\s|[-*+](\s|$)|\d{1,9}[.)](\s|$))/;

/**
 * Reads a growing text line by line.
 * `finished`: everything before it is whole blocks.
 * `settled`: everything before it cannot change any more, whatever follows. A list, for one, goes on
 * after a blank line, so a block is settled once the next one begins at the margin.
 */
export class BlockScanner {
  finished = 0;
  settled = 0;
  #read = 0;
  #rest = "";
  #fence = "";

  /** @param {string} text what has been added */
  push(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  get inFence() {
    return this.#fence !== "";
  }

  /** @param {string} line */
  #line(line) {
    const start = this.#read;
    this.#read += line.length + 1;
    if (this.#fence) this.#inFence(line);
    else if (line.trim() === "") this.finished = this.#read;
    else this.#inText(line, start);
  }

  /** @param {string} line */
  #inFence(line) {
    const fence = FENCE.exec(line);
    if (!fence || !fence[1].startsWith(this.#fence) || fence[2].trim() !== "") return;
    this.#fence = "";
    this.finished = this.#read;
  }

  /**
   * @param {string} line
   * @param {number} start
   */
  #inText(line, start) {
    if (start === this.finished && !MAY_CONTINUE.test(line)) this.settled = start;
    const fence = FENCE.exec(line);
    if (!fence || (fence[1][0] === "`" && fence[2].includes("`"))) return;
    this.#fence = fence[1];
    this.finished = start;
    if (line[0] === fence[1][0]) this.settled = start;
  }
}
