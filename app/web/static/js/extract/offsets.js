/** Places in a text. The server counts code points, the browser UTF-16 units. */

/**
 * @typedef {{start: number, end: number, key: string}} Range in UTF-16 units
 */

/**
 * Where code points stand in UTF-16.
 * @param {string} text
 * @param {number[]} offsets in code points
 * @returns {Map<number, number>} only those that the text has
 */
export function inUtf16(text, offsets) {
  const found = new Map();
  const wanted = [...new Set(offsets)].sort((left, right) => left - right);
  let [points, units] = [0, 0];
  for (const offset of wanted) {
    for (; points < offset && units < text.length; points += 1) units += widthAt(text, units);
    if (points === offset) found.set(offset, units);
  }
  return found;
}

/**
 * @param {string} text
 * @param {number} unit
 */
const widthAt = (text, unit) => (/** @type {number} */ (text.codePointAt(unit)) > 0xffff ? 2 : 1);

/**
 * Ranges that may overlap, as pieces that do not. What no range covers is left out.
 * @param {Range[]} ranges
 * @returns {{start: number, end: number, keys: string[]}[]} in order; keys: the shortest range first
 */
export function pieces(ranges) {
  const starts = ranges.toSorted((left, right) => left.start - right.start);
  const borders = [...new Set(ranges.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  /** @type {Range[]} */
  let open = [];
  let next = 0;
  const found = [];
  for (const [index, start] of borders.slice(0, -1).entries()) {
    open = open.filter(({ end }) => end > start);
    while (next < starts.length && starts[next].start <= start) open.push(starts[next++]);
    if (open.length > 0) found.push({ start, end: borders[index + 1], keys: keysOf(open) });
  }
  return found;
}

/** @param {Range[]} ranges */
function keysOf(ranges) {
  const shortestFirst = ranges.toSorted((left, right) => left.end - left.start - (right.end - right.start));
  return shortestFirst.map(({ key }) => key);
}
