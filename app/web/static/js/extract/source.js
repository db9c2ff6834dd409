/** The text: to be written, or to be looked at with what was found in it. */

import { Problem } from "../api.js";
import { find } from "../dom.js";
import { tell } from "../notice.js";
import { Marks } from "./marks.js";

/**
 * @typedef {{onPoint: (key: string, pressed: boolean) => void, onInput: () => void}} Hooks
 */

const MOST_BYTES = 1_000_000;

export class Source {
  /**
   * @param {HTMLElement} root
   * @param {Hooks} hooks
   */
  constructor(root, { onPoint, onInput }) {
    /** @type {HTMLTextAreaElement} */
    this.area = find("#source", root);
    this.marked = find("#marked", root);
    this.editButton = find("#source-edit", root);
    this.openButton = find("#source-open", root);
    this.marks = new Marks(this.marked, onPoint);
    this.onInput = onInput;
    this.area.addEventListener("input", onInput);
    this.editButton.addEventListener("click", () => this.edit());
    this.#listenForFiles(find("#source-file", root));
  }

  /** @param {HTMLInputElement} input */
  #listenForFiles(input) {
    this.openButton.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.take([...(input.files ?? [])]);
      input.value = ""; // the same file may be chosen again
    });
  }

  get text() {
    return this.area.value;
  }

  get editing() {
    return !this.area.hidden;
  }

  /** @param {string} text */
  write(text) {
    this.#swap(false);
    this.area.value = text;
    this.area.scrollTop = 0;
    this.onInput();
  }

  edit() {
    this.#swap(false);
    this.area.focus();
  }

  /** @param {import("./marks.js").Place[]} places */
  show(places) {
    this.marks.show(this.text, places);
    this.reopen();
  }

  /** Back from editing to what was found; only right where the text is the same. */
  reopen() {
    this.#swap(true);
  }

  focus() {
    (this.editing ? this.area : this.marked).focus();
  }

  /** @param {File[]} files the first of which is read */
  take([file]) {
    if (file) void tell(async () => this.write(await textOf(file)));
  }

  /** @param {boolean} marked */
  #swap(marked) {
    const active = /** @type {any} */ (document.activeElement);
    const hadFocus = [this.area, this.marked, this.editButton].includes(active);
    this.area.hidden = marked;
    this.marked.hidden = !marked;
    this.editButton.hidden = !marked;
    this.openButton.hidden = marked;
    if (hadFocus) this.focus();
  }
}

/** @param {File} file */
async function textOf(file) {
  if (file.size > MOST_BYTES) throw refusal(file, "is larger than 1 MB.");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw refusal(file, "is not a text in UTF-8. Save it as UTF-8, or copy the text out of it.");
  }
}

/**
 * @param {File} file
 * @param {string} why
 */
const refusal = ({ name }, why) => new Problem({ detail: `“${name}” ${why}` });
