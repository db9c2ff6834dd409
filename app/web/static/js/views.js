/** The page's two views: the chat, and the extraction, which is fetched when it is first asked for. */

import { Problem } from "./api.js";
import { find } from "./dom.js";
import { inExtraction } from "./route.js";

/** @typedef {import("./extract/view.js").ExtractView} ExtractView */

const CHAT = [".stage", "#composer"];
const link = find("#open-extract");
/** @type {Promise<ExtractView> | null} */
let loading = null;
/** @type {ExtractView | null} */
let view = null;

/** Puts the view of the address in the place of the other one. */
export function showView() {
  const extracting = inExtraction();
  for (const part of CHAT) find(part).hidden = extracting;
  if (view) view.element.hidden = !extracting;
  if (!extracting) return link.removeAttribute("aria-current");
  link.setAttribute("aria-current", "page");
  find("#title").textContent = "Extract";
  find("#title-menu").hidden = true;
  document.title = "Extract · Parley";
}

/** @param {() => void} onEnd called after each extraction */
export async function openExtraction(onEnd) {
  loading ??= load(onEnd);
  try {
    view = await loading;
  } catch (error) {
    loading = null;
    throw error;
  }
  showView();
  if (inExtraction()) view.focus();
  await view.load();
}

/** @param {() => void} onEnd */
async function load(onEnd) {
  const [{ ExtractView: View }] = await Promise.all([fetchModule(), loadStyles()]);
  const made = new View(onEnd);
  find("#main").insertBefore(made.element, find(".dock"));
  return made;
}

async function fetchModule() {
  try {
    return await import("./extract/view.js");
  } catch (error) {
    console.info(error);
    const detail = "This view could not be loaded. Check the connection and reload the page.";
    throw new Problem({ code: "unreachable", detail, retryable: true });
  }
}

/** @returns {Promise<unknown>} when the view can be shown, be it without its styles */
function loadStyles() {
  /** @type {HTMLLinkElement} */
  const sheet = find("#extract-styles");
  if (!sheet.disabled) return Promise.resolve();
  return new Promise((resolve) => {
    sheet.addEventListener("load", resolve, { once: true });
    sheet.addEventListener("error", resolve, { once: true });
    sheet.disabled = false;
  });
}

export function stopExtraction() {
  view?.stop();
}

/**
 * The link that jumps over the list. Followed, it would change the address and with it the view.
 * @param {Event} event
 */
export function focusView(event) {
  event.preventDefault();
  if (inExtraction()) view?.focus();
  else find("#message").focus();
}
