/** The list of conversations, as the server has it. */

import { call, json } from "./api.js";
import { saveAs } from "./clipboard.js";

const PAGE = 30;

/**
 * @typedef {{id: string, title: string, created_at: string, updated_at: string}} Conversation
 */

export class Conversations {
  /** @type {Conversation[]} newest first */
  items = [];
  /** @type {string | null} */
  cursor = null;
  query = "";
  #asked = 0;

  /** @returns {Promise<boolean>} false when a later question has overtaken this one */
  async refresh() {
    return this.#load((page) => page);
  }

  /** @returns {Promise<boolean>} */
  async more() {
    const known = new Set(this.items.map(({ id }) => id));
    return this.#load((page) => [...this.items, ...page.filter(({ id }) => !known.has(id))], this.cursor);
  }

  /**
   * @param {(page: Conversation[]) => Conversation[]} merge
   * @param {string | null} [cursor]
   */
  async #load(merge, cursor = null) {
    this.#asked += 1;
    const mine = this.#asked;
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (cursor) query.set("cursor", cursor);
    if (this.query) query.set("q", this.query);
    const page = await json(`/api/conversations?${query}`);
    if (mine !== this.#asked) return false;
    this.items = merge(page.conversations);
    this.cursor = page.next_cursor;
    return true;
  }

  /** @param {string | null} id */
  find(id) {
    return this.items.find((item) => item.id === id) ?? null;
  }
}

/** @param {string} id */
const pathOf = (id) => `/api/conversations/${encodeURIComponent(id)}`;

/**
 * @param {string} id
 * @returns {Promise<Conversation>}
 */
export const read = (id) => json(pathOf(id));

/**
 * @param {string} id
 * @returns {Promise<import("./tree.js").Message[]>}
 */
export const messagesOf = async (id) => (await json(`${pathOf(id)}/messages`)).messages;

/**
 * What goes on in a conversation, or waits for a person; the newest first.
 * @param {string} id
 * @returns {Promise<{id: string, message_id: string}[]>}
 */
export const runsIn = async (id) =>
  (await json(`/api/runs?conversation_id=${encodeURIComponent(id)}`)).runs;

/**
 * @param {string} id
 * @param {string} title
 */
export const rename = (id, title) => json(pathOf(id), { method: "PATCH", body: { title } });

/** @param {string} id */
export const remove = (id) => call(pathOf(id), { method: "DELETE" });

/**
 * @param {string} id
 * @param {string} format md or json
 */
export async function exportAs(id, format) {
  saveAs(await call(`${pathOf(id)}/export?format=${format}`), `conversation.${format}`);
}
