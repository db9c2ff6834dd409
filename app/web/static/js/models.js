/** The model picker. */

import { json } from "./api.js";
import { find } from "./dom.js";
import { model as remembered, rememberModel } from "./session.js";

/** @type {HTMLSelectElement} */
const picker = find("#model");

/** @returns {string} the chosen model; "" leaves the choice to the server */
export const chosenModel = () => picker.value;

/** @typedef {{id: string, provider: string}} Model */

export async function loadModels() {
  const { default: standard, models } = await json("/api/models");
  picker.replaceChildren(...groups(models));
  const ids = models.map((/** @type {Model} */ { id }) => id);
  picker.value = [remembered(), standard, ids[0]].find((id) => ids.includes(id)) ?? "";
  picker.disabled = models.length === 0;
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

export function initModels() {
  picker.addEventListener("change", () => rememberModel(picker.value));
}
