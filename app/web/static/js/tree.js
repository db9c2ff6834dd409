/** A conversation is a tree of messages; what is on screen is one path from a root to a leaf. */

/**
 * @typedef {{input_tokens: number, cached_input_tokens?: number, output_tokens: number,
 *   reasoning_tokens?: number}} Usage
 * @typedef {{code?: string, detail: string, retryable?: boolean}} Failure
 * @typedef {object} Message
 * @property {string} id
 * @property {string | null} parent_id
 * @property {"user" | "assistant"} role
 * @property {string} content
 * @property {string[]} [images] data URLs
 * @property {"complete" | "incomplete" | "streaming"} status
 * @property {string | null} [model]
 * @property {string | null} [finish_reason]
 * @property {Failure | null} [error]
 * @property {Usage | null} [usage]
 * @property {number | string | null} [cost_usd]
 * @property {string | null} [run_id]
 * @property {number | null} [truncated_turns]
 * @property {string} [reasoning]
 * @property {number} [tool_calls] how many there were, of an answer that is stored
 * @property {import("./agent/work.js").Work} [work] of an agent, as it was seen at work
 * @property {string | null} [rating] up or down, once somebody has said
 */

/**
 * @param {Message[]} messages
 * @param {string | null} id
 */
export const byId = (messages, id) => messages.find((message) => message.id === id) ?? null;

/**
 * Versions of the same message, oldest first.
 * @param {Message[]} messages
 * @param {Message} message
 */
export function siblings(messages, message) {
  return messages.filter((other) => other.parent_id === message.parent_id && other.role === message.role);
}

/**
 * The newest leaf under a message; under nothing, the newest leaf of all.
 * @param {Message[]} messages in order of creation
 * @param {string | null} id
 * @returns {string | null}
 */
export function newestLeaf(messages, id = null) {
  const parents = new Set(messages.map((message) => message.parent_id));
  const under = id === null ? new Set(messages.map((message) => message.id)) : descendants(messages, id);
  const leaf = messages.findLast((message) => under.has(message.id) && !parents.has(message.id));
  return leaf?.id ?? id;
}

/**
 * @param {Message[]} messages in order of creation, so a parent comes before its children
 * @param {string} id
 */
function descendants(messages, id) {
  const found = new Set([id]);
  for (const message of messages) {
    if (message.parent_id !== null && found.has(message.parent_id)) found.add(message.id);
  }
  return found;
}

/**
 * @param {Message[]} messages
 * @param {string | null} leafId
 * @returns {Message[]} root first
 */
export function pathTo(messages, leafId) {
  const known = new Map(messages.map((message) => [message.id, message]));
  const path = new Set();
  let at = leafId === null ? undefined : known.get(leafId);
  while (at && !path.has(at)) {
    path.add(at);
    at = at.parent_id === null ? undefined : known.get(at.parent_id);
  }
  return [...path].reverse();
}
