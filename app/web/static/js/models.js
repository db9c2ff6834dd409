/** The model pickers: one for each view, with one choice between them. */

import { json } from "./api.js";
import { find } from "./dom.js";
import { model as remembered, rememberModel } from "./session.js";

/** @type {HTMLSelectElement} */
const picker = find("#model");
const pickers = [picker];

/** @returns {string} the chosen model; "" leaves the choice to the server */
export const chosenModel = () => picker.value;

/** @typedef {{id: string, provider: string}} Model */

const ALIASES = "Aliases";

export async function loadModels() {
  const { default: standard, models: known, aliases = [] } = await json("/api/models");
  const named = aliases.map((/** @type {{id: string}} */ { id }) => ({ id, provider: ALIASES }));
  const models = [...named, ...known];
  picker.replaceChildren(...groups(models));
  const ids = models.map(({ id }) => id);
  picker.value = [remembered(), standard, ids[0]].find((id) => ids.includes(id)) ?? "";
  picker.disabled = models.length === 0;
  pickers.slice(1).forEach(copyTo);
}

/** @param {HTMLSelectElement} other */
function copyTo(other) {
  other.replaceChildren(...[...picker.children].map((group) => group.cloneNode(true)));
  other.value = picker.value;
  other.disabled = picker.disabled;
}

/** @param {Model[]} models */
function groups(models) {
  const providers = [...new Set(models.map(({ provider }) => provider))];
  return providers.map((provider) => {
    const group = document.createElement("optgroup");
    group.label = provider;
    group.append(...models.filter((model) => model.provider === provider).map(option));
    return group;
  });
}

/** @param {Model} model */
function option({ id, provider }) {
  const name = id.startsWith(`${provider}/`) ? id.slice(provider.length + 1) : id;
  return new Option(name, id);
}

/** @param {HTMLSelectElement} changed */
function choose({ value }) {
  for (const each of pickers) each.value = value;
  rememberModel(value);
}

export function initModels() {
  picker.addEventListener("change", () => choose(picker));
}

/** @param {HTMLSelectElement} other a picker of another view */
export function addPicker(other) {
  pickers.push(other);
  copyTo(other);
  other.addEventListener("change", () => choose(other));
}
