/** The view for whoever runs the server: today in figures, what runs, and what went wrong. */

import { Problem, json, post } from "../api.js";
import { find, stamp } from "../dom.js";
import { tell } from "../notice.js";
import { columns, rows } from "./charts.js";
import { budgetsOf, byHour, byName, callsBar, costBar, firstTokenBar, limitsOf, tiles, timeOf } from "./figures.js";
import { make, table } from "./make.js";

const EVERY_MS = 5000;

/** @typedef {{id: string, owner: string, model: string, state: string, created_at: string}} OpenRun */

export class AdminView {
  #timer = 0;
  /** What is on the screen, as it came: the same is not drawn again. */
  #drawn = "";

  constructor() {
    this.element = stamp("t-admin");
    document.addEventListener("visibilitychange", () => void this.#again());
  }

  async load() {
    await this.#refresh();
    this.#wait();
  }

  focus() {
    this.element.focus();
  }

  stop() {}

  /** @param {string} selector */
  #part(selector) {
    return find(selector, this.element);
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#again(), EVERY_MS);
  }

  /** Nobody is asked while nobody looks. */
  async #again() {
    if (!document.hidden && !this.element.hidden && this.element.isConnected) {
      try {
        await this.#refresh();
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        this.#say(`Not up to date: ${error.detail}`);
        this.element.classList.add("stale");
      }
    }
    this.#wait();
  }

  async #refresh() {
    const [overview, open] = await Promise.all([json("/api/admin/overview"), json("/api/admin/runs")]);
    this.element.classList.remove("stale");
    const { at, ...found } = overview;
    this.#part("#admin-day").textContent = `${overview.day}, ${overview.time_zone}.`;
    this.#say(`Updated at ${timeOf(at)}.`);
    const seen = JSON.stringify([found, open]);
    if (seen === this.#drawn) return;
    this.#drawn = seen;
    this.#draw(overview, open.runs);
  }

  /** @param {string} text */
  #say(text) {
    this.#part("#admin-updated").textContent = text;
  }

  /**
   * @param {any} overview
   * @param {OpenRun[]} open
   */
  #draw(overview, open) {
    this.#part("#admin-tiles").replaceChildren(...tiles(overview.totals, overview.asked).map(tile));
    this.#charts(overview);
    this.#runs(open);
    this.#keys(overview.limits);
    const circuits = overview.circuits.map((/** @type {any} */ { model, state }) => [model, mark(state)]);
    this.#table("#admin-circuits", "Circuit breakers", ["Model", "State"], circuits, "No model was called lately.");
    const errors = overview.errors.map((/** @type {any} */ one) => [
      timeOf(one.at),
      `${one.status} ${one.code}`,
      code(one.request_id ?? "–"),
      code(one.run_id ?? "–"),
    ]);
    this.#table("#admin-errors", "Recent errors", ["At", "Error", "Request", "Run"], errors, "None.");
    const failed = overview.failed.map((/** @type {any} */ one) => [
      timeOf(one.created_at),
      one.model,
      one.code ?? "–",
      String(one.attempt),
      code(one.run_id),
    ]);
    this.#table("#admin-failed", "Calls that failed", ["At", "Model", "Error", "Attempt", "Run"], failed, "None.");
  }

  /** @param {any} overview */
  #charts({ hours, models, keys, limits }) {
    const names = new Map(limits.map((/** @type {any} */ key) => [key.id, nameOf(key)]));
    const keyName = (/** @type {any} */ { key_id: id }) => (id === null ? "without a key" : (names.get(id) ?? id));
    this.#part("#admin-charts").replaceChildren(
      columns({ title: "Cost by hour", unit: "US dollars", bars: byHour(hours, costBar) }),
      columns({ title: "Calls and errors by hour", unit: "Calls", bars: byHour(hours, callsBar) }),
      columns({ title: "First token by hour", unit: "Mean time", bars: byHour(hours, firstTokenBar) }),
      rows({ title: "By model", unit: "Today", bars: byName(models, ({ model }) => model) }),
      rows({ title: "By key", unit: "Today", bars: byName(keys, keyName) }),
    );
  }

  /** @param {OpenRun[]} open */
  #runs(open) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.run;
    const lines = open.map((run) => {
      const button = make("button", { class: "button", type: "button", "data-run": run.id, "aria-label": `Stop ${run.id}` }, "Stop");
      button.addEventListener("click", () => this.#stop(run.id, /** @type {HTMLButtonElement} */ (button)));
      return [timeOf(run.created_at), run.owner, run.model, run.state, code(run.id), button];
    });
    const heads = ["Since", "Owner", "Model", "State", "Run", "Stop"];
    this.#table("#admin-runs", "Running now", heads, lines, "Nothing runs.");
    if (focused) [...this.element.querySelectorAll("button")].find(({ dataset }) => dataset.run === focused)?.focus();
  }

  /**
   * @param {string} id
   * @param {HTMLButtonElement} button
   */
  async #stop(id, button) {
    button.disabled = true;
    await tell(async () => {
      await post(`/api/admin/runs/${encodeURIComponent(id)}/stop`);
      await this.#refresh();
    });
    button.disabled = false;
  }

  /** @param {import("./figures.js").Key[]} keys */
  #keys(keys) {
    const lines = keys.map((key) => [nameOf(key), key.owner, budgetsOf(key), limitsOf(key)]);
    const heads = ["Key", "Owner", "Budgets left", "Limits left"];
    this.#table("#admin-keys", "Keys", heads, lines, "There are no keys. Make one with: flask keys create");
  }

  /**
   * @param {string} selector
   * @param {string} label
   * @param {string[]} heads
   * @param {import("./make.js").Content[][]} lines
   * @param {string} nothing
   */
  #table(selector, label, heads, lines, nothing) {
    this.#part(selector).replaceChildren(table(label, heads, lines, nothing));
  }
}

/** @param {[string, string, string]} tile */
const tile = ([name, figure, more]) =>
  make("div", { class: "tile" }, make("dt", {}, name), make("dd", {}, figure), ...(more ? [make("dd", { class: "tile-more" }, more)] : []));

/** @param {{name: string, shown: string}} key */
const nameOf = ({ name, shown }) => (name ? `${name} (${shown}…)` : `${shown}…`);

/** @param {string} text */
const code = (text) => make("code", {}, text);

/** @param {string} state */
const mark = (state) => make("span", { class: `circuit ${state}` }, state.replace("_", " "));
