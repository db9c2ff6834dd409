/** Examples to begin with, offered only where they take the place of nothing that somebody wrote. */

import { find } from "../dom.js";
import { EXAMPLES } from "./examples.js";

export class ExampleBar {
  /**
   * @param {HTMLElement} root
   * @param {(name: string, text: string) => void} onChoice name: of its schema
   */
  constructor(root, onChoice) {
    this.bar = find("#examples", root);
    this.onChoice = onChoice;
  }

  /** @param {(name: string) => boolean} isKnown whether there is such a schema */
  fill(isKnown) {
    for (const button of this.bar.querySelectorAll("button")) button.remove();
    const known = Object.entries(EXAMPLES).filter(([name]) => isKnown(name));
    this.bar.append(...known.map(([name, text]) => this.#button(name, text)));
  }

  /** @param {string} text that is there already */
  offer(text) {
    const free = text === "" || Object.values(EXAMPLES).includes(text);
    this.bar.hidden = !free || this.bar.querySelector("button") === null;
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #button(name, text) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = name;
    button.addEventListener("click", () => this.onChoice(name, text));
    return button;
  }
}
