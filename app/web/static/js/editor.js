/** Editing a message where it stands. */

import { find, fitHeight, isSendKey, stamp } from "./dom.js";

/**
 * @param {HTMLElement} message the element whose text gives way to the editor
 * @param {string} text
 * @param {(text: string) => void} onSend
 */
export function openEditor(message, text, onSend) {
  const editor = stamp("t-editor");
  const area = /** @type {HTMLTextAreaElement} */ (find("textarea", editor));
  area.value = text;
  message.classList.add("editing");
  find(".text", message).after(editor);
  fitHeight(area);
  area.focus();
  wire(editor, area, { close: () => close(message, editor), onSend });
}

/**
 * @param {HTMLElement} editor
 * @param {HTMLTextAreaElement} area
 * @param {{close: () => void, onSend: (text: string) => void}} actions
 */
function wire(editor, area, { close, onSend }) {
  const submit = () => {
    if (area.value.trim() === "") return area.focus();
    close();
    onSend(area.value);
  };
  area.addEventListener("input", () => fitHeight(area));
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (isSendKey(event)) submit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  find(".cancel", editor).addEventListener("click", close);
  editor.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
}

/**
 * @param {HTMLElement} message
 * @param {HTMLElement} editor
 */
function close(message, editor) {
  editor.remove();
  message.classList.remove("editing");
  find(".edit", message).focus();
}
