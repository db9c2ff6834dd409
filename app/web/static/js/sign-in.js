/** The sign-in form, for servers that ask for a key, and the way out. */

import { Problem, json } from "./api.js";
import { find } from "./dom.js";
import { forgetKey, key, rememberKey } from "./session.js";

/** @type {HTMLInputElement} */
const field = find("#key");
const error = find("#sign-in-error");

/** @param {() => Promise<void>} onSignedIn */
export function initSignIn(onSignedIn) {
  find("#sign-in-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    rememberKey(field.value.trim());
    error.textContent = "";
    await onSignedIn();
  });
  find("#sign-out").addEventListener("click", () => {
    forgetKey();
    location.assign("/");
  });
}

/** @param {Problem} problem */
export function showSignIn(problem) {
  const wasWrong = key() !== null;
  if (!wasWrong && !find("#sign-in").hidden) return;
  forgetKey();
  find("#app").hidden = true;
  find("#sign-in").hidden = false;
  error.textContent = wasWrong ? problem.detail : "";
  field.focus();
  field.select();
}

/** Who the caller is to the server; throws a Problem of status 401 for a stranger. */
export async function showAccount() {
  const { owner } = await json("/api/me");
  find("#sign-in").hidden = true;
  find("#app").hidden = false;
  field.value = "";
  find("#account").hidden = key() === null;
  find("#owner").textContent = owner ?? "";
}
