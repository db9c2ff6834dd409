/** Finding and making elements. Text goes in as text only; see html.js for the one exception. */

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function find(selector, root = document) {
  const found = /** @type {T | null} */ (root.querySelector(selector));
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

/**
 * A copy of the first element of a <template>.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function stamp(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}

/**
 * @param {Element} button
 * @param {string} name a symbol of the page, without its "i-"
 */
export function setIcon(button, name) {
  button.querySelector("use")?.setAttribute("href", `#i-${name}`);
}

/**
 * Lets a textarea be as high as its text; the style sheet caps it.
 * @param {HTMLTextAreaElement} area
 */
export function fitHeight(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

/**
 * True for the Enter that sends: not with Shift, and not the one that accepts an input method's word.
 * @param {KeyboardEvent} event
 */
export function isSendKey(event) {
  return event.key === "Enter" && !event.shiftKey && !event.isComposing;
}
