/** The view of extractions: what the person asks for on one side, what was found on the other. */

import { find, stamp } from "../dom.js";
import { addPicker, chosenModel } from "../models.js";
import { clearNotice } from "../notice.js";
import { ExampleBar } from "./example-bar.js";
import { Extraction } from "./extraction.js";
import { Findings } from "./findings.js";
import { Form } from "./form.js";
import { Source } from "./source.js";

export class ExtractView {
  /** @type {Extraction | null} */
  #extraction = null;
  /** The next drawing; 0 for none. */
  #frame = 0;

  /** @param {() => void} onEnd */
  constructor(onEnd) {
    this.onEnd = onEnd;
    this.element = stamp("t-extract");
    this.source = new Source(this.element, {
      onPoint: (key, pressed) => this.findings.point(key, { reveal: true, focus: pressed }),
      onInput: () => this.#onInput(),
    });
    this.findings = new Findings(this.element, this.source);
    this.form = new Form(this.element, { onStart: () => void this.start(), onStop: () => this.stop() });
    this.examples = new ExampleBar(this.element, (name, text) => {
      this.form.schemas.choose(name);
      this.source.write(text);
    });
    addPicker(find("#extract-model", this.element));
    this.#listenForDrops();
  }

  async load() {
    await this.form.schemas.load();
    this.examples.fill((name) => this.form.schemas.has(name));
    this.examples.offer(this.source.text);
  }

  focus() {
    if (matchMedia("(pointer: fine)").matches) this.source.focus();
  }

  get #isRunning() {
    return this.#extraction?.state === "running";
  }

  stop() {
    void this.#extraction?.stop();
  }

  async start() {
    if (this.#isRunning) return;
    clearNotice();
    const request = this.form.request(this.source.text, chosenModel());
    if (!request) return;
    this.#extraction = new Extraction(request, () => this.#changed());
    this.#begin();
    await this.#extraction.follow();
    this.onEnd();
  }

  #begin() {
    this.form.busy(true);
    this.source.show([]);
    this.source.editButton.hidden = true;
    this.element.classList.add("asked");
    this.findings.begin(/** @type {Extraction} */ (this.#extraction));
  }

  /** However fast events come, they are drawn once a frame. */
  #changed() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw(/** @type {Extraction} */ (this.#extraction));
    });
  }

  /** @param {Extraction} extraction */
  #draw(extraction) {
    if (this.#isRunning) return this.findings.grow(extraction);
    this.form.busy(false);
    this.findings.end(extraction);
    if (extraction.started) return undefined;
    this.source.edit();
    if (extraction.problem) this.form.refused(extraction.problem);
  }

  #onInput() {
    this.form.complain("text", "");
    this.examples.offer(this.source.text);
    this.findings.compare();
  }

  #listenForDrops() {
    // Before the window hears of it, which would attach the file to a message.
    document.addEventListener("drop", (event) => {
      if (this.element.hidden || !event.dataTransfer?.files.length) return;
      event.preventDefault();
      event.stopPropagation();
      if (!this.#isRunning) this.source.take([...event.dataTransfer.files]);
    });
  }
}
