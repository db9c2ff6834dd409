/** The message box, its send button and its stop button. */

import { Problem } from "./api.js";
import { hasImages, images, initAttachments, setImages } from "./attachments.js";
import { find, fitHeight, isSendKey } from "./dom.js";
import { showProblem } from "./notice.js";

/** @typedef {{text: string, images: string[]}} Said images: data URLs */

/** @type {HTMLTextAreaElement} */
const area = find("#message");
/** @type {HTMLButtonElement} */
const sendButton = find("#send");
const stopButton = find("#stop");
let isBusy = false;

/** @param {{onSend: (said: Said) => void, onStop: () => void}} actions */
export function initComposer({ onSend, onStop }) {
  const submit = async () => {
    const said = { images: await images(), text: area.value };
    if (isBusy || isEmpty()) return;
    if (said.text.trim() === "") {
      showProblem(new Problem({ detail: "Write something to go with the image." }));
      return;
    }
    fill({ text: "", images: [] });
    onSend(said);
  };
  find("#composer").addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  area.addEventListener("keydown", (event) => {
    if (!isSendKey(event)) return;
    event.preventDefault();
    void submit();
  });
  initAttachments(refresh);
  area.addEventListener("input", refresh);
  stopButton.addEventListener("click", onStop);
  refresh();
}

/** @param {string} text */
export function setText(text) {
  area.value = text;
  refresh();
}

/** @param {Said} said */
function fill({ text, images: urls }) {
  setImages(urls);
  setText(text);
}

/**
 * Gives a message back that could not be sent, unless another one has been begun.
 * @param {Said} said
 */
export function giveBack(said) {
  if (isEmpty()) fill(said);
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

const isEmpty = () => area.value.trim() === "" && !hasImages();

function refresh() {
  sendButton.disabled = isEmpty();
  fitHeight(area);
}
