/** The page's views beside the chat: each is fetched when it is first asked for. */

import { Problem } from "./api.js";
import { find } from "./dom.js";
import { inView, viewName } from "./route.js";

/**
 * @typedef {import("./route.js").ViewName} ViewName
 * @typedef {{element: HTMLElement, load: () => Promise<void>, focus: () => void, stop: () => void}} View
 * @typedef {new (onEnd: () => void) => View} Maker
 */

const CHAT = [".stage", "#composer"];

/** @type {Record<ViewName, {title: string, fetched: () => Promise<Maker>}>} */
const VIEWS = {
  extract: { title: "Extract", fetched: async () => (await import("./extract/view.js")).ExtractView },
  prompts: { title: "Prompts", fetched: async () => (await import("./prompts/view.js")).PromptsView },
  admin: { title: "Admin", fetched: async () => (await import("./admin/view.js")).AdminView },
};
/** @type {Map<ViewName, Promise<View>>} */
const loading = new Map();
/** @type {Map<ViewName, View>} */
const loaded = new Map();

/** @param {ViewName} name */
const linkTo = (name) => find(`#open-${name}`);

const current = () => loaded.get(/** @type {ViewName} */ (viewName()));

/** Puts the view of the address in the place of the other one. */
export function showView() {
  const shown = viewName();
  for (const part of CHAT) find(part).hidden = shown !== null;
  for (const [name, view] of loaded) view.element.hidden = name !== shown;
  for (const name of /** @type {ViewName[]} */ (Object.keys(VIEWS))) {
    if (name === shown) linkTo(name).setAttribute("aria-current", "page");
    else linkTo(name).removeAttribute("aria-current");
  }
  if (shown === null) return;
  const { title } = VIEWS[shown];
  find("#title").textContent = title;
  find("#title-menu").hidden = true;
  document.title = `${title} · Parley`;
}

/**
 * Opens the view of the address.
 * @param {() => void} onEnd called after each run of it
 */
export async function openView(onEnd) {
  const name = /** @type {ViewName} */ (viewName());
  const known = loading.get(name) ?? load(name, onEnd);
  loading.set(name, known);
  try {
    loaded.set(name, await known);
  } catch (error) {
    loading.delete(name);
    throw error;
  }
  showView();
  if (viewName() !== name) return;
  const view = await known;
  view.focus();
  await view.load();
}

/**
 * @param {ViewName} name
 * @param {() => void} onEnd
 */
async function load(name, onEnd) {
  const [Made] = await Promise.all([fetchModule(name), loadStyles(name)]);
  const made = new Made(onEnd);
  find("#main").insertBefore(made.element, find(".dock"));
  return made;
}

/** @param {ViewName} name */
async function fetchModule(name) {
  try {
    return await VIEWS[name].fetched();
  } catch (error) {
    console.info(error);
    const detail = "This view could not be loaded. Check the connection and reload the page.";
    throw new Problem({ code: "unreachable", detail, retryable: true });
  }
}

/**
 * @param {ViewName} name
 * @returns {Promise<unknown>} when the view can be shown, be it without its styles
 */
function loadStyles(name) {
  /** @type {HTMLLinkElement} */
  const sheet = find(`#${name}-styles`);
  if (!sheet.disabled) return Promise.resolve();
  return new Promise((resolve) => {
    sheet.addEventListener("load", resolve, { once: true });
    sheet.addEventListener("error", resolve, { once: true });
    sheet.disabled = false;
  });
}

export function stopView() {
  current()?.stop();
}

/**
 * The link that jumps over the list. Followed, it would change the address and with it the view.
 * @param {Event} event
 */
export function focusView(event) {
  event.preventDefault();
  if (inView()) current()?.focus();
  else find("#message").focus();
}
