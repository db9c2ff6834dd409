/** Elements of HTML and of SVG from a name, attributes and what is in them. Text stays text. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string} Content */

/**
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...Content} content
 * @returns {HTMLElement}
 */
export const make = (name, attributes = {}, ...content) =>
  /** @type {HTMLElement} */ (filled(document.createElement(name), attributes, content));

/**
 * @param {string} name
 * @param {Record<string, string | number>} [attributes]
 * @param {...Content} content
 */
export const draw = (name, attributes = {}, ...content) =>
  filled(document.createElementNS(SVG, name), attributes, content);

/**
 * A table in a frame that scrolls, or a sentence where there is nothing.
 * @param {string} label
 * @param {string[]} heads
 * @param {Content[][]} rows
 * @param {string} nothing
 */
export function table(label, heads, rows, nothing) {
  if (rows.length === 0) return make("p", { class: "admin-note" }, nothing);
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))));
  const whole = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "table", tabindex: "0", role: "region", "aria-label": label }, whole);
}

/**
 * @template {Element} T
 * @param {T} element
 * @param {Record<string, string | number>} attributes
 * @param {Content[]} content
 */
function filled(element, attributes, content) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...content);
  return element;
}
