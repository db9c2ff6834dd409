/** What a person can ask of a thread: send, edit, regenerate. Each becomes a run. */

import * as parley from "/parley.js";
import { Run } from "./run.js";
import { byId } from "./tree.js";

/**
 * @typedef {import("./tree.js").Message} Message
 * @typedef {import("./thread.js").Thread} Thread
 * @typedef {{model: string, usesTools: boolean, onStart: (run: Run) => void}} Settings
 */

let drafts = 0;

/**
 * A message that the server has not numbered yet.
 * @param {"user" | "assistant"} role
 * @param {string | null} parentId
 * @param {Partial<Message>} fields
 * @returns {Message}
 */
function draft(role, parentId, fields) {
  drafts += 1;
  const id = `draft-${drafts}`;
  return { id, parent_id: parentId, role, content: "", status: "complete", ...fields };
}

/**
 * Sends a message under another one; under null it begins a new root, as an edit of the first does.
 * @param {Thread} thread
 * @param {import("./composer.js").Said} said
 * @param {string | null} parentId
 * @param {Settings} settings
 */
export function send(thread, { text, images }, parentId, settings) {
  const question = draft("user", parentId, { content: text, images });
  const body = {
    message: text,
    images: images.length ? images : undefined,
    model: settings.model || undefined,
  };
  const place = thread.id ? { conversation_id: thread.id, parent_id: parentId } : {};
  const open = settings.usesTools ? parley.agent : parley.chat;
  return begin(thread, question, question.id, open, { ...body, ...place }, settings);
}

/**
 * Follows what goes on already, from its beginning: after a reload, or begun elsewhere.
 * @param {Thread} thread
 * @param {string} runId
 * @param {Settings} settings
 */
export function rejoin(thread, runId, settings) {
  const open = (/** @type {any} */ options) => parley.resume(runId, options);
  return begin(thread, null, thread.leafId, open, {}, settings);
}

/**
 * Asks for another answer, to an assistant message or to a user message that has none.
 * @param {Thread} thread
 * @param {Message} message
 * @param {Settings} settings
 */
export function regenerate(thread, message, settings) {
  const place = { conversation_id: thread.id, message_id: message.id };
  const body = { ...place, model: settings.model || undefined };
  const parentId = message.role === "user" ? message.id : message.parent_id;
  return begin(thread, null, parentId, parley.regenerate, body, settings);
}

/**
 * @param {Thread} thread
 * @param {Message | null} question
 * @param {string | null} parentId of the answer
 * @param {import("./run.js").Open} open
 * @param {object} body
 * @param {Settings} settings
 */
async function begin(thread, question, parentId, open, body, { model, onStart }) {
  const before = thread.leafId;
  const answer = draft("assistant", parentId, { status: "streaming", model });
  const added = question ? [question, answer] : [answer];
  const run = new Run(thread, { answer, question }, onStart);
  thread.run = run;
  thread.add(...added);
  try {
    await run.follow(open, body);
  } catch (error) {
    thread.remove(added, byId(thread.messages, before)?.id ?? null);
    if (error) throw error;
  } finally {
    thread.run = null;
    thread.changed();
  }
  return run;
}
