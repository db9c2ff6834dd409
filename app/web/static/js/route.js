/** The address: `#/c/ID` is a conversation, `#/extract` the extraction, anything else a new chat. */

/** @returns {string | null} */
export function routeId() {
  const match = /^#\/c\/([^/]+)$/.exec(location.hash);
  return match ? decodeURIComponent(match[1]) : null;
}

export const inExtraction = () => location.hash === "#/extract";

/** @param {string | null} id */
const hashOf = (id) => (id === null ? "#/" : `#/c/${encodeURIComponent(id)}`);

/** @param {string | null} id */
export function goTo(id) {
  location.hash = hashOf(id);
}

/**
 * Names the conversation that is on the screen already, if it still is; nobody is told.
 * @param {string | null} id
 */
export function nameRoute(id) {
  if (!inExtraction()) history.replaceState(null, "", hashOf(id));
}
