/** The address: `#/c/ID` is a conversation, anything else a new chat. */

/** @returns {string | null} */
export function routeId() {
  const match = /^#\/c\/([^/]+)$/.exec(location.hash);
  return match ? decodeURIComponent(match[1]) : null;
}

/** @param {string | null} id */
const hashOf = (id) => (id === null ? "#/" : `#/c/${encodeURIComponent(id)}`);

/** @param {string | null} id */
export function goTo(id) {
  location.hash = hashOf(id);
}

/**
 * Names the conversation that is on the screen already; nobody is told.
 * @param {string | null} id
 */
export function nameRoute(id) {
  history.replaceState(null, "", hashOf(id));
}
