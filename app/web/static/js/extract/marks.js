/** The text with what was found in it marked. */

import { inUtf16, pieces } from "./offsets.js";
import { onPointing } from "./pointing.js";

/**
 * @typedef {{key: string, start: number, end: number, quote: string | null}} Place in code points
 */

/** Of a range that could not be read, how its key begins. */
export const MISSING = "missing-";

export class Marks {
  /** @type {WeakMap<Element, string[]>} */
  #keys = new WeakMap();
  /** @type {Map<string, HTMLElement[]>} */
  #marks = new Map();

  /**
   * @param {HTMLElement} box
   * @param {(key: string, pressed: boolean) => void} onPoint
   */
  constructor(box, onPoint) {
    this.box = box;
    const at = (/** @type {EventTarget | null} */ target) =>
      this.#keys.get(/** @type {Element} */ (target))?.find((key) => !key.startsWith(MISSING));
    onPointing(box, (target) => {
      const key = at(target);
      if (key !== undefined) onPoint(key, false);
    });
    box.addEventListener("click", ({ target }) => {
      const key = at(target);
      if (key !== undefined) onPoint(key, true);
    });
  }

  /**
   * @param {string} text
   * @param {Place[]} places one whose quote does not stand there is left out
   */
  show(text, places) {
    const units = inUtf16(text, places.flatMap(({ start, end }) => [start, end]));
    const ranges = places.flatMap(({ key, quote, ...place }) => {
      const [start, end] = [units.get(place.start) ?? 0, units.get(place.end) ?? 0];
      const holds = end > start && (quote === null || text.slice(start, end) === quote);
      return holds ? [{ key, start, end }] : [];
    });
    this.#fill(text, pieces(ranges));
  }

  /**
   * @param {string} text
   * @param {ReturnType<typeof pieces>} parts
   */
  #fill(text, parts) {
    this.#marks.clear();
    const nodes = parts.flatMap(({ start, end, keys }, index) => [
      text.slice(parts[index - 1]?.end ?? 0, start),
      this.#mark(text.slice(start, end), keys),
    ]);
    // A last line feed alone would not be shown.
    this.box.replaceChildren(...nodes, text.slice(parts.at(-1)?.end ?? 0), "\n");
  }

  /**
   * @param {string} text
   * @param {string[]} keys
   */
  #mark(text, keys) {
    const mark = document.createElement("mark");
    mark.textContent = text;
    if (keys.every((key) => key.startsWith(MISSING))) mark.className = "missing";
    this.#keys.set(mark, keys);
    for (const key of keys) this.#marks.set(key, [...(this.#marks.get(key) ?? []), mark]);
    return mark;
  }

  /**
   * Lights up where a value stands, and scrolls there.
   * @param {string} key
   */
  point(key) {
    for (const mark of this.box.querySelectorAll(".lit")) mark.classList.remove("lit");
    const marks = this.#marks.get(key) ?? [];
    for (const mark of marks) mark.classList.add("lit");
    if (marks.length > 0) this.#reveal(marks[0], marks[marks.length - 1]);
  }

  /**
   * Within the box alone: the page stays where it is.
   * @param {HTMLElement} first
   * @param {HTMLElement} last
   */
  #reveal(first, last) {
    const { scrollTop, clientHeight } = this.box;
    const [top, bottom] = [first.offsetTop, last.offsetTop + last.offsetHeight];
    if (top >= scrollTop && bottom <= scrollTop + clientHeight) return;
    this.box.scrollTo({ top: Math.max(0, top - clientHeight / 3) });
  }
}
