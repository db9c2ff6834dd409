/** What was found, to be copied or saved; only what is valid. */

import { saveAs } from "../clipboard.js";
import { find } from "../dom.js";
import { copyFrom } from "../dress.js";

export class Takeaway {
  #json = "";

  /** @param {HTMLElement} root */
  constructor(root) {
    this.copy = find("#copy-data", root);
    this.save = find("#save-data", root);
    this.copy.addEventListener("click", () => copyFrom(this.copy, this.#json));
    this.save.addEventListener("click", () => {
      const headers = { "Content-Type": "application/json" };
      void saveAs(new Response(this.#json, { headers }), "extraction.json");
    });
  }

  /** @param {import("./extraction.js").Result | null} result */
  offer(result) {
    this.copy.hidden = this.save.hidden = result === null;
    this.#json = result ? `${JSON.stringify(result.data, null, 2)}\n` : "";
  }
}
