/** On a narrow screen the sidebar is a drawer over the page. */

import { find } from "./dom.js";

const narrow = matchMedia("(max-width: 800px)");
const sidebar = find("#sidebar");
const main = find("#main");
const opener = find("#drawer-open");
let open = false;

/** What is out of sight must be out of the keyboard's way too. */
function apply() {
  sidebar.classList.toggle("open", open);
  sidebar.inert = narrow.matches && !open;
  main.inert = narrow.matches && open;
  opener.setAttribute("aria-expanded", String(open));
}

function openDrawer() {
  open = true;
  apply();
  find("#drawer-close").focus();
}

/** @returns {boolean} whether there was a drawer to close */
export function closeDrawer() {
  if (!open) return false;
  open = false;
  apply();
  if (narrow.matches) opener.focus();
  return true;
}

export function initDrawer() {
  opener.addEventListener("click", openDrawer);
  find("#drawer-close").addEventListener("click", closeDrawer);
  find("#scrim").addEventListener("click", closeDrawer);
  narrow.addEventListener("change", () => {
    open = false;
    apply();
  });
  apply();
}
