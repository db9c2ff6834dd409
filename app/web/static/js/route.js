/**
 * The address: `#/c/ID` is a conversation, `#/extract` and its like are views, anything else a new
 * chat.
 */

const VIEW = /^#\/(extract|prompts|admin)$/;

/** @typedef {"extract" | "prompts" | "admin"} ViewName */

/** @returns {string | null} */
export function routeId() {
  const match = /^#\/c\/([^/]+)$/.exec(location.hash);
  return match ? decodeURIComponent(match[1]) : null;
}

/** @returns {ViewName | null} the view beside the chat that is asked for; null: the chat is */
export function viewName() {
  return /** @type {ViewName | undefined} */ (VIEW.exec(location.hash)?.[1]) ?? null;
}

export const inView = () => viewName() !== null;

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
  if (!inView()) history.replaceState(null, "", hashOf(id));
}
