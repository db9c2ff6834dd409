/** Pointing at things with a mouse. */

/**
 * Moves of the mouse alone: what scrolls under a mouse at rest has not been pointed at, and a finger
 * that moves is scrolling.
 * @param {HTMLElement} element
 * @param {(target: Element) => void} action
 */
export function onPointing(element, action) {
  element.addEventListener("pointermove", ({ pointerType, target }) => {
    if (pointerType !== "touch") action(/** @type {Element} */ (target));
  });
}
