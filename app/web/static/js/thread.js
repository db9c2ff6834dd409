/** One conversation as the page knows it: its messages, the branch shown, the run under way. */

import { byId, newestLeaf, pathTo } from "./tree.js";

/**
 * @typedef {import("./tree.js").Message} Message
 * @typedef {{type: "change"} | {type: "delta", message: Message, text: string}
 *   | {type: "reasoning" | "work", message: Message, text: string}} Change
 */

export class Thread {
  /** @type {Message[]} */
  messages = [];
  /** @type {string | null} */
  leafId = null;
  /** @type {import("./run.js").Run | null} */
  run = null;
  /** @type {((change: Change) => void) | null} the view that shows it, if any */
  onChange = null;

  /** @param {string | null} id null until the server has given one */
  constructor(id = null) {
    this.id = id;
  }

  get busy() {
    return this.run !== null;
  }

  get path() {
    return pathTo(this.messages, this.leafId);
  }

  /** @returns {Message | null} */
  get leaf() {
    return byId(this.messages, this.leafId);
  }

  /** @param {Message[]} messages */
  load(messages) {
    this.messages = messages;
    this.leafId = newestLeaf(messages);
    this.changed();
  }

  /**
   * Shows the branch of a message.
   * @param {string} id
   */
  show(id) {
    this.leafId = newestLeaf(this.messages, id);
    this.changed();
  }

  /** @param {Message[]} messages */
  add(...messages) {
    this.messages.push(...messages);
    this.leafId = messages[messages.length - 1].id;
    this.changed();
  }

  /**
   * @param {Message[]} messages
   * @param {string | null} leafId the branch to go back to
   */
  remove(messages, leafId) {
    this.messages = this.messages.filter((message) => !messages.includes(message));
    this.leafId = leafId;
    this.changed();
  }

  changed() {
    this.onChange?.({ type: "change" });
  }
}
