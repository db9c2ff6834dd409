/** The open conversation: which thread is shown, and what is done with it. */

import { usesTools } from "./agent/tools-switch.js";
import { regenerate, rejoin, send } from "./chat.js";
import { focusComposer, giveBack, setBusy } from "./composer.js";
import { messagesOf, runsIn } from "./conversations.js";
import { find } from "./dom.js";
import { withRatings } from "./feedback.js";
import { chosenModel } from "./models.js";
import { tell } from "./notice.js";
import { nameRoute } from "./route.js";
import { Thread } from "./thread.js";
import { ThreadView } from "./thread-view.js";
import { byId } from "./tree.js";

/**
 * @typedef {import("./tree.js").Message} Message
 * @typedef {{onListChange: () => void, onEnd: () => void, toEnd: () => void}} Hooks
 */

export class Desk {
  thread = new Thread();
  /** @type {Set<Thread>} those that are being answered, on the screen or not */
  busy = new Set();
  /** Where a message belongs is known once the messages before it are. */
  #loading = Promise.resolve();

  /** @param {Hooks} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    this.view = new ThreadView(
      {
        edit: (message, text) => this.send({ text, images: message.images ?? [] }, message.parent_id),
        regenerate: (message) => this.regenerate(message),
        show: (id, focus) => this.view.switchTo(id, focus),
      },
      () => this.#refresh(),
    );
  }

  /**
   * Shows a conversation. One that is being answered goes on where it is.
   * @param {string | null} id
   */
  async open(id) {
    const running = [...this.busy].find((thread) => thread.id === id && id !== null);
    const thread = running ?? new Thread(id);
    this.thread = thread;
    if (running || id === null) return this.#show(thread);
    this.#loading = this.#load(thread, id);
    return this.#loading;
  }

  /**
   * @param {Thread} thread
   * @param {string} id
   */
  async #load(thread, id) {
    const running = await runsIn(id); // first: what ends meanwhile is among the messages
    thread.load(await withRatings(id, await messagesOf(id)));
    if (this.thread !== thread) return;
    this.#show(thread);
    const left = running.find(({ message_id }) => byId(thread.messages, message_id) === null);
    if (left) void this.#run(thread, (settings) => rejoin(thread, left.id, settings));
  }

  /** @param {Thread} thread */
  #show(thread) {
    this.view.show(thread);
    this.hooks.toEnd();
    focusComposer();
  }

  /**
   * @param {import("./composer.js").Said} said
   * @param {string | null} [parentId] by default the end of the branch that is shown
   */
  async send(said, parentId) {
    await this.#loading.catch(() => {});
    const { thread } = this;
    const under = parentId === undefined ? thread.leafId : parentId;
    const run = await this.#run(thread, (settings) => send(thread, said, under, settings));
    if (!run?.started) giveBack(said);
  }

  /** @param {Message} message */
  async regenerate(message) {
    const { thread } = this;
    await this.#run(thread, (settings) => regenerate(thread, message, settings));
  }

  /**
   * @param {Thread} thread
   * @param {(settings: import("./chat.js").Settings) => Promise<import("./run.js").Run>} action
   */
  async #run(thread, action) {
    if (thread.busy) return undefined;
    this.busy.add(thread);
    const onStart = () => this.#onStart(thread);
    const running = tell(() => action({ model: chosenModel(), usesTools: usesTools(), onStart }));
    this.hooks.toEnd();
    focusComposer();
    const run = await running;
    this.busy.delete(thread);
    this.hooks.onListChange();
    this.hooks.onEnd();
    return run;
  }

  /** @param {Thread} thread */
  #onStart(thread) {
    if (this.thread === thread) nameRoute(thread.id);
    this.hooks.onListChange();
  }

  stop() {
    void this.thread.run?.stop();
  }

  #refresh() {
    const { thread } = this;
    setBusy(thread.busy);
    find("#empty").hidden = thread.id !== null || thread.messages.length > 0;
  }
}
