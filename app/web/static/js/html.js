/**
 * The only way for HTML into this page: what the server's renderer has sanitised. The browser holds
 * us to it where it knows trusted types, for the page's policy allows this one name.
 */

import { post } from "./api.js";

const REMEMBERED = 300;
/** @type {Map<string, Promise<string>>} */
const rendered = new Map();

// @ts-ignore: not yet in every browser's types
const policy = globalThis.trustedTypes?.createPolicy("parley-markdown", {
  createHTML: (/** @type {string} */ html) => html,
});

/**
 * @param {string} text Markdown
 * @returns {Promise<string>} sanitised HTML
 */
export async function renderMarkdown(text) {
  return (await post("/render", { text })).html;
}

/**
 * The same for a text that will be shown again: when a branch or a conversation comes back.
 * @param {string} text
 */
export function renderOnce(text) {
  const known = rendered.get(text);
  if (known) return known;
  const promise = inTurn(() => renderMarkdown(text));
  rendered.set(text, promise);
  promise.catch(() => rendered.delete(text));
  if (rendered.size > REMEMBERED) rendered.delete(rendered.keys().next().value ?? "");
  return promise;
}

/**
 * @param {string} html from renderMarkdown
 * @returns {DocumentFragment}
 */
export function fragmentOf(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  return template.content;
}

const AT_ONCE = 4;
let running = 0;
/** @type {(() => void)[]} */
const waiting = [];

/**
 * A long history must not take all the connections that the browser grants us.
 * @template T
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
async function inTurn(task) {
  if (running >= AT_ONCE) await new Promise((go) => waiting.push(() => go(undefined)));
  running += 1;
  try {
    return await task();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
