/** The message box, its send button and its stop button. */

import { find, fitHeight, isSendKey } from "./dom.js";

/** @type {HTMLTextAreaElement} */
const area = find("#message");
/** @type {HTMLButtonElement} */
const sendButton = find("#send");
const stopButton = find("#stop");
let isBusy = false;

/** @param {{onSend: (text: string) => void, onStop: () => void}} actions */
export function initComposer({ onSend, onStop }) {
  const submit = () => {
    const text = area.value;
    if (isBusy || text.trim() === "") return;
    setText("");
    onSend(text);
  };
  find("#composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  area.addEventListener("keydown", (event) => {
    if (!isSendKey(event)) return;
    event.preventDefault();
    submit();
  });
  area.addEventListener("input", refresh);
  stopButton.addEventListener("click", onStop);
  refresh();
}

/** @param {string} text */
export function setText(text) {
  area.value = text;
  refresh();
}

/**
 * Gives a message back that could not be sent, unless another one has been begun.
 * @param {string} text
 */
export function giveBack(text) {
  if (area.value.trim() === "") setText(text);
  focusComposer();
}

/** @param {boolean} busy */
export function setBusy(busy) {
  const hadFocus = [stopButton, sendButton].includes(/** @type {any} */ (document.activeElement));
  isBusy = busy;
  sendButton.hidden = busy;
  stopButton.hidden = !busy;
  if (hadFocus) area.focus();
}

/** A finger that taps does not want the keyboard of the screen to rise by itself. */
export function focusComposer() {
  if (matchMedia("(pointer: fine)").matches) area.focus();
}

function refresh() {
  sendButton.disabled = area.value.trim() === "";
  fitHeight(area);
}
