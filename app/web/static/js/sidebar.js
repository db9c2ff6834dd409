/** The list of conversations on the screen. */

import { find, stamp } from "./dom.js";

const DAY_MS = 86_400_000;
const SEARCH_PAUSE_MS = 200;

/**
 * @typedef {import("./conversations.js").Conversation} Conversation
 * @typedef {{onSearch: (query: string) => void, onMore: () => void,
 *   onMenu: (id: string, button: HTMLElement) => void}} Actions
 */

export class Sidebar {
  #root = find("#conversations");

  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    find("#more").addEventListener("click", actions.onMore);
    let timer = 0;
    const search = /** @type {HTMLInputElement} */ (find("#search"));
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => actions.onSearch(search.value.trim()), SEARCH_PAUSE_MS);
    });
  }

  /**
   * @param {import("./conversations.js").Conversations} list
   * @param {{openId: string | null, busyIds: Set<string | null>}} state
   */
  show(list, state) {
    const focused = this.#root.contains(document.activeElement) ? focusKey() : "";
    this.#root.replaceChildren(...this.#groups(list.items, state));
    find("#list-status").textContent = emptiness(list);
    find("#more").hidden = list.cursor === null;
    if (focused) /** @type {HTMLElement | null} */ (this.#root.querySelector(focused))?.focus();
  }

  /**
   * @param {Conversation[]} items
   * @param {{openId: string | null, busyIds: Set<string | null>}} state
   */
  #groups(items, state) {
    const groups = Map.groupBy ? Map.groupBy(items, ageOf) : groupBy(items, ageOf);
    return [...groups].map(([age, members]) => {
      const group = stamp("t-group");
      find("h2", group).textContent = age;
      find("ul", group).append(...members.map((item) => this.#row(item, state)));
      return group;
    });
  }

  /**
   * @param {Conversation} item
   * @param {{openId: string | null, busyIds: Set<string | null>}} state
   */
  #row({ id, title }, { openId, busyIds }) {
    const row = stamp("t-row");
    const link = /** @type {HTMLAnchorElement} */ (find("a", row));
    const menu = find(".row-menu", row);
    link.href = `#/c/${encodeURIComponent(id)}`;
    if (id === openId) link.setAttribute("aria-current", "page");
    find(".row-title", row).textContent = title || "Untitled";
    find(".row-live", row).hidden = !busyIds.has(id);
    menu.setAttribute("aria-label", `Actions for “${title || "Untitled"}”`);
    menu.dataset.id = id;
    menu.addEventListener("click", () => this.actions.onMenu(id, menu));
    return row;
  }
}

/** Where the keyboard is in the list, as a selector: the list is made anew. */
function focusKey() {
  const { id } = /** @type {HTMLElement} */ (document.activeElement).dataset;
  const href = document.activeElement?.getAttribute("href");
  return id ? `[data-id="${CSS.escape(id)}"]` : `[href="${CSS.escape(href ?? "")}"]`;
}

/** @param {import("./conversations.js").Conversations} list */
function emptiness({ items, query }) {
  if (items.length > 0) return "";
  return query ? `Nothing matches “${query}”.` : "Your conversations will be listed here.";
}

/** @param {Conversation} item */
function ageOf({ updated_at }) {
  const today = new Date().setHours(0, 0, 0, 0);
  const time = new Date(updated_at).getTime();
  if (time >= today) return "Today";
  if (time >= today - DAY_MS) return "Yesterday";
  return time >= today - 7 * DAY_MS ? "Previous 7 days" : "Older";
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 * @returns {Map<string, T[]>}
 */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
