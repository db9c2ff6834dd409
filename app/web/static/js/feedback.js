/** Whether an answer was good: two buttons under it, and a word more where it was not. */

import { json, post } from "./api.js";
import { find } from "./dom.js";
import { tell } from "./notice.js";

/** @typedef {import("./tree.js").Message} Message */

/**
 * The messages of a conversation, each with what was said of it. Without that they are as good.
 * @param {string} id
 * @param {Message[]} messages
 */
export async function withRatings(id, messages) {
  const path = `/api/feedback?conversation_id=${encodeURIComponent(id)}`;
  const { feedback } = await json(path).catch(() => ({ feedback: [] }));
  const said = new Map(feedback.map((/** @type {any} */ one) => [one.message_id, one.rating]));
  for (const message of messages) message.rating = said.get(message.id) ?? null;
  return messages;
}

/**
 * @param {HTMLElement} element of a message
 * @param {Message} message
 */
export function initFeedback(element, message) {
  for (const rating of ["up", "down"]) {
    find(`.rate-${rating}`, element).addEventListener("click", () => rate(element, message, rating));
  }
  const form = find(".remark", element);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void remark(element, message);
  });
  find(".remark-cancel", form).addEventListener("click", () => close(element));
}

/**
 * @param {HTMLElement} element
 * @param {Message} message
 */
export function showFeedback(element, message) {
  const isAnswer = message.role === "assistant" && !message.id.startsWith("draft-");
  for (const rating of ["up", "down"]) {
    const button = find(`.rate-${rating}`, element);
    button.hidden = !isAnswer;
    button.setAttribute("aria-pressed", String(message.rating === rating));
  }
}

/**
 * Pressed again, a button takes back what it said.
 * @param {HTMLElement} element
 * @param {Message} message
 * @param {string} rating
 */
async function rate(element, message, rating) {
  const again = message.rating === rating;
  await tell(async () => {
    if (again) await json(`/api/feedback/${message.id}`, { method: "DELETE" });
    else await post("/api/feedback", { message_id: message.id, rating });
    message.rating = again ? null : rating;
    showFeedback(element, message);
    find(".remark", element).hidden = again || rating === "up";
    if (!again && rating === "down") find(".remark textarea", element).focus();
  });
}

/**
 * @param {HTMLElement} element
 * @param {Message} message
 */
async function remark(element, message) {
  /** @type {HTMLTextAreaElement} */
  const field = find(".remark textarea", element);
  const comment = field.value.trim();
  if (!comment) return close(element);
  await tell(async () => {
    await post("/api/feedback", { message_id: message.id, rating: "down", comment });
    field.value = "";
    close(element);
  });
}

/** @param {HTMLElement} element */
function close(element) {
  find(".remark", element).hidden = true;
  find(".rate-down", element).focus();
}
