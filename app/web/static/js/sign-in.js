/** The sign-in form, for servers that ask for a key, and the way out. */

import { Problem, json, post } from "./api.js";
import { find } from "./dom.js";
import { csrf, rememberCsrf } from "./session.js";

/** @type {HTMLInputElement} */
const field = find("#key");
const error = find("#sign-in-error");

/** @param {() => Promise<void>} onSignedIn */
export function initSignIn(onSignedIn) {
  find("#sign-in-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    error.textContent = "";
    try {
      await post("/api/session", { key: field.value.trim() });
    } catch (problem) {
      error.textContent = problem instanceof Problem ? problem.detail : String(problem);
      field.select();
      return;
    }
    await onSignedIn();
  });
  find("#sign-out").addEventListener("click", () => signOut(""));
  find("#sign-out-everywhere").addEventListener("click", () => signOut("?everywhere=true"));
}

/** @param {string} query */
async function signOut(query) {
  // Whoever is signed out already is told so, and that is no trouble.
  await json(`/api/session${query}`, { method: "DELETE" }).catch(() => null);
  location.assign("/");
}

/** Called whenever the server asks for a key: at the beginning, or because the session is over. */
export function showSignIn() {
  const hasEnded = csrf() !== null;
  if (!hasEnded && !find("#sign-in").hidden) return;
  rememberCsrf(null);
  find("#app").hidden = true;
  find("#sign-in").hidden = false;
  error.textContent = hasEnded ? "You are signed out. Sign in again to go on." : "";
  field.focus();
  field.select();
}

/** Who the caller is to the server; throws a Problem of status 401 for a stranger. */
export async function showAccount() {
  const { owner, user, scopes, csrf_token } = await json("/api/session");
  rememberCsrf(csrf_token);
  find("#sign-in").hidden = true;
  find("#app").hidden = false;
  field.value = "";
  find("#account").hidden = csrf_token === null;
  find("#owner").textContent = user ?? owner;
  find("#open-admin").hidden = !scopes.includes("admin");
}
