/** The beginning: puts the parts together and loads what they show. */

import { initToolsSwitch, loadTools } from "./agent/tools-switch.js";
import { onUnauthorised } from "./api.js";
import { focusComposer, initComposer, setText } from "./composer.js";
import { Conversations, exportAs, read, remove, rename } from "./conversations.js";
import { Desk } from "./desk.js";
import { find } from "./dom.js";
import { closeDrawer, initDrawer } from "./drawer.js";
import { askDelete, askTitle, initMenu, openMenu, somethingOpen } from "./menu.js";
import { initModels, loadModels } from "./models.js";
import { clearNotice, initNotice, showProblem, tell } from "./notice.js";
import { goTo, inView, nameRoute, routeId } from "./route.js";
import { followEnd } from "./scroll.js";
import { Sidebar } from "./sidebar.js";
import { initSignIn, showAccount, showSignIn } from "./sign-in.js";
import { askForTerms, initTerms } from "./terms.js";
import { refreshTotals } from "./totals.js";
import { focusView, openView, showView, stopView } from "./views.js";

const list = new Conversations();
const toEnd = followEnd(find("#scroller"), [find("#thread")], find("#jump"));
const desk = new Desk({ onListChange: refreshList, onEnd: refreshTotals, toEnd });
const sidebar = new Sidebar({
  onSearch: (query) => {
    list.query = query;
    void refreshList();
  },
  onMore: () => tell(async () => (await list.more()) && showList()),
  onMenu: openMenu,
});

async function refreshList() {
  try {
    if (!(await list.refresh())) return;
    showList();
    // A search may have left out the conversation that is open.
    if (list.query) await showTitleOf(desk.thread.id);
  } catch (error) {
    showProblem(error);
  }
}

function showList() {
  const { id } = desk.thread;
  sidebar.show(list, { openId: id, busyIds: new Set([...desk.busy].map((thread) => thread.id)) });
  if (id === null) showTitle("");
  else if (list.find(id)) showTitle(list.find(id)?.title ?? "");
}

/** @param {string} title */
function showTitle(title) {
  if (inView()) return;
  find("#title").textContent = title || (desk.thread.id === null ? "New chat" : "Untitled");
  find("#title-menu").hidden = desk.thread.id === null;
  document.title = title ? `${title} · Parley` : "Parley";
}

/** @param {string | null} id a conversation that the list may not have come to yet */
async function showTitleOf(id) {
  if (id !== null && !list.find(id)) showTitle((await read(id)).title);
}

async function openRoute() {
  const id = routeId();
  closeDrawer();
  clearNotice();
  showView();
  if (inView()) return tell(() => openView(refreshTotals));
  try {
    const opened = desk.open(id);
    showList();
    await Promise.all([opened, showTitleOf(id)]);
  } catch (error) {
    if (routeId() !== id) return;
    nameRoute(null);
    await desk.open(null);
    showList();
    showProblem(error);
  }
}

/**
 * @param {string} action
 * @param {string} id
 */
async function act(action, id) {
  const { title } = list.find(id) ?? (await read(id));
  if (action === "rename") await renameTo(id, await askTitle(title));
  else if (action !== "delete") await exportAs(id, action);
  else if (await askDelete(title)) await removeNow(id);
}

/**
 * @param {string} id
 * @param {string | null} title
 */
async function renameTo(id, title) {
  if (title === null) return;
  await rename(id, title);
  if (desk.thread.id === id) showTitle(title);
  await refreshList();
}

/** @param {string} id */
async function removeNow(id) {
  if (desk.thread.id === id) desk.stop();
  await remove(id);
  if (desk.thread.id === id) goTo(null);
  await refreshList();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.key !== "Escape" || event.defaultPrevented || somethingOpen()) return;
  if (closeDrawer()) return;
  if (inView()) stopView();
  else desk.stop();
}

function newChat() {
  if (routeId() !== null || inView()) goTo(null);
  else void openRoute();
}

async function start() {
  try {
    await showAccount();
    focusComposer(); // until now it was out of sight, and could not have the focus
    await Promise.all([loadModels(), loadTools(), refreshList(), refreshTotals(), askForTerms()]);
    // A new chat is open from the first moment: by now somebody may have written in it.
    if (routeId() !== null || inView()) await openRoute();
  } catch (error) {
    find("#app").hidden = !find("#sign-in").hidden;
    showProblem(error);
  }
}

onUnauthorised(showSignIn);
initDrawer();
initNotice();
initModels();
initToolsSwitch();
initTerms();
initMenu((action, id) => tell(() => act(action, id)));
initComposer({ onSend: (said) => desk.send(said), onStop: () => desk.stop() });
initSignIn(start);
for (const idea of document.querySelectorAll(".idea")) {
  idea.addEventListener("click", () => {
    setText(idea.textContent ?? "");
    focusComposer();
  });
}
find("#new-chat").addEventListener("click", newChat);
find("#title-menu").addEventListener("click", (event) => {
  openMenu(desk.thread.id ?? "", /** @type {HTMLElement} */ (event.currentTarget));
});
find(".skip").addEventListener("click", focusView);
addEventListener("hashchange", openRoute);
addEventListener("keydown", onKey);
showView();
if (routeId() === null && !inView()) void desk.open(null);
void start();
