/** What one extraction has found, drawn while it goes on and when it has ended. */

import { find } from "../dom.js";
import { FieldList } from "./field-list.js";
import { keyOf } from "./leaves.js";
import { MISSING } from "./marks.js";
import { Report, remarksOf, verdictOf } from "./report.js";
import { Takeaway } from "./takeaway.js";

/**
 * @typedef {import("./extraction.js").Extraction} Extraction
 * @typedef {import("./words.js").Field} Field
 */

export class Findings {
  /** @type {Extraction | null} */
  #extraction = null;
  /** What is lit up, so that pointing at it again moves nothing. */
  #pointed = "";

  /**
   * @param {HTMLElement} root
   * @param {import("./source.js").Source} source where it was found
   */
  constructor(root, source) {
    this.source = source;
    this.element = find("#findings", root);
    this.stale = find("#stale", root);
    this.fields = new FieldList(root, (key, pressed) => this.#onField(key, pressed));
    this.report = new Report(root);
    this.takeaway = new Takeaway(root);
  }

  /** @param {Extraction} extraction */
  begin(extraction) {
    this.#extraction = extraction;
    this.#pointed = "";
    this.fields.clear();
    this.report.remarks([]);
    this.#frame(extraction);
    this.compare();
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {Extraction} extraction */
  grow(extraction) {
    this.report.verdict(extraction);
    for (const [part, data] of extraction.parts) this.fields.grow(part, data);
  }

  /** @param {Extraction} extraction */
  end(extraction) {
    this.grow(extraction);
    this.#frame(extraction);
    find("#status").textContent = verdictOf(extraction);
    if (extraction.started) this.#drawEnd(extraction);
  }

  /** @param {Extraction} extraction */
  #frame(extraction) {
    this.element.setAttribute("aria-busy", String(extraction.state === "running"));
    this.fields.list.classList.toggle("unchecked", !extraction.result);
    this.report.verdict(extraction);
    this.report.spent(extraction);
    this.takeaway.offer(extraction.result);
  }

  /** @param {Extraction} extraction */
  #drawEnd(extraction) {
    const { data, fields = [], issues = [], missing_ranges: missing = [] } = outcomeOf(extraction);
    // Where there is neither, what had come stays.
    const homeless = data === undefined ? issues : this.fields.finish(data, fields, issues);
    this.report.remarks(remarksOf(extraction, homeless, (index) => this.source.marks.point(MISSING + index)));
    this.source.show([...placesOf(fields), ...missingPlaces(missing)]);
  }

  /** Says so when the text is another one by now. */
  compare() {
    this.stale.hidden = !this.#isStale;
  }

  get #isStale() {
    return this.#extraction !== null && this.#extraction.request.text !== this.source.text;
  }

  /**
   * @param {string} key
   * @param {boolean} pressed rather than pointed at in passing
   */
  #onField(key, pressed) {
    if (pressed && this.source.editing && !this.#isStale) this.source.reopen();
    this.point(key);
  }

  /**
   * @param {string} key
   * @param {{reveal?: boolean, focus?: boolean}} [how] what happens to its row
   */
  point(key, how = {}) {
    if (key === this.#pointed && !how.focus) return;
    this.#pointed = key;
    this.fields.select(key, how);
    this.source.marks.point(key);
  }
}

/**
 * @param {Extraction} extraction
 * @returns {Partial<import("./extraction.js").Result>} the result, or the candidate that was refused
 */
function outcomeOf({ result, problem }) {
  if (result) return result;
  const { candidate, issues, missing_ranges } = problem?.problem ?? {};
  return { data: candidate ?? undefined, issues, missing_ranges };
}

/** @param {Field[]} fields */
function placesOf(fields) {
  return fields.flatMap(({ path, quote, start, end }) =>
    quote === null || start === null || end === null ? [] : [{ key: keyOf(path), start, end, quote }],
  );
}

/** @param {[number, number][]} ranges */
const missingPlaces = (ranges) =>
  ranges.map(([start, end], index) => ({ key: MISSING + index, start, end, quote: null }));
