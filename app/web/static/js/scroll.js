/** Follows a growing conversation, but only for a reader who is at its end. */

const NEAR = 48;

/**
 * @param {HTMLElement} scroller
 * @param {HTMLElement[]} contents what grows
 * @param {HTMLElement} jump the button that goes back to the end
 * @returns {() => void} goes to the end and stays there
 */
export function followEnd(scroller, contents, jump) {
  let following = true;
  let lastTop = 0;
  const gap = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const toEnd = () => scroller.scrollTo({ top: scroller.scrollHeight });
  const settle = () => {
    if (following) toEnd();
    jump.hidden = following || gap() < NEAR;
  };
  const onScroll = () => {
    // Text that arrives between two frames widens the gap too: only moving up means leaving.
    if (gap() < NEAR) following = true;
    else if (scroller.scrollTop < lastTop) following = false;
    lastTop = scroller.scrollTop;
    jump.hidden = following;
  };
  const pin = () => {
    following = true;
    settle();
  };
  scroller.addEventListener("scroll", onScroll, { passive: true });
  jump.addEventListener("click", pin);
  const observer = new ResizeObserver(settle);
  for (const element of [scroller, ...contents]) observer.observe(element);
  return pin;
}
