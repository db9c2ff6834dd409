/** The terms of this server, which are accepted before anything is said. */

import { json, post } from "./api.js";
import { find } from "./dom.js";
import { tell } from "./notice.js";

/** @type {HTMLDialogElement} */
const dialog = find("#terms");
let version = "";

/** Shows them, if there are some that were not accepted; nothing else can be done before. */
export async function askForTerms() {
  const terms = await json("/api/terms");
  if (terms.version === null || terms.accepted_at !== null || dialog.open) return;
  version = terms.version;
  find("#terms-text").textContent = terms.text;
  dialog.showModal();
  find("#terms-text").focus();
}

export function initTerms() {
  // Escape would leave a page on which nothing works.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  find("form", dialog).addEventListener("submit", (event) => {
    event.preventDefault();
    void tell(async () => {
      await post("/api/terms", { version });
      dialog.close();
      find("#message").focus();
    });
  });
}
