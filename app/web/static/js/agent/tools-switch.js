/** The switch beside the message box: whether the next messages may use tools. */

import { Problem, json } from "../api.js";
import { find } from "../dom.js";
import { rememberTools, tools as remembered } from "../session.js";

const button = find("#use-tools");

/** Whether what is sent now goes to the agent. */
export const usesTools = () => !button.hidden && button.getAttribute("aria-pressed") === "true";

export function initToolsSwitch() {
  button.addEventListener("click", () => {
    const wanted = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(wanted));
    rememberTools(wanted);
  });
}

/** There is no switch for who may not use it, or where there are no tools. */
export async function loadTools() {
  try {
    const { tools } = await json("/api/tools");
    const names = tools.map((/** @type {{name: string}} */ { name }) => name);
    button.hidden = names.length === 0;
    button.title = `Tools: ${names.join(", ")}`;
    button.setAttribute("aria-pressed", String(remembered()));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    button.hidden = true;
  }
}
