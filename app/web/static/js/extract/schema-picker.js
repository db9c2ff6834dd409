/** Which schema: one of the registered ones, with what it holds, or the person's own. */

import { Problem, json } from "../api.js";
import { find } from "../dom.js";
import { OWN_SCHEMA } from "./examples.js";
import { plural } from "./words.js";

/**
 * @typedef {{name: string, version: string, description: string, json_schema: any}} Schema
 */

/** No registered schema has such a name. */
const OWN = "";
const OF_ONE_S_OWN = "Say in JSON Schema what to look for; descriptions in it help the model.";
const TYPES = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "yes or no",
  object: "group",
};

export class SchemaPicker {
  /** @type {Map<string, Schema>} */
  #known = new Map();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {HTMLSelectElement} */
    this.picker = find("#schema", root);
    /** @type {HTMLTextAreaElement} */
    this.own = find("#own-schema", root);
    this.own.value = OWN_SCHEMA;
    this.picker.addEventListener("change", () => this.#describe());
    this.#fill();
  }

  async load() {
    if (this.#known.size > 0) return;
    const { schemas } = await json("/api/schemas");
    this.#known = new Map(schemas.map((/** @type {Schema} */ schema) => [schema.name, schema]));
    this.#fill();
  }

  #fill() {
    const registered = [...this.#known.keys()].map((name) => new Option(name, name));
    this.picker.replaceChildren(...registered, new Option("own JSON Schema", OWN));
    this.#describe();
  }

  /** @param {string} name left as it is where there is no such schema */
  choose(name) {
    if (!this.#known.has(name)) return;
    this.picker.value = name;
    this.#describe();
  }

  /** @param {string} name */
  has(name) {
    return this.#known.has(name);
  }

  /** @returns {string | object} a name or a JSON Schema; throws a Problem where that is none */
  get chosen() {
    if (this.picker.value !== OWN) return this.picker.value;
    const schema = this.#parsed();
    if (schema !== null && typeof schema === "object" && !Array.isArray(schema)) return schema;
    throw new Problem({ detail: "A JSON Schema is an object in braces." });
  }

  #parsed() {
    try {
      return JSON.parse(this.own.value);
    } catch (error) {
      throw new Problem({ detail: `This is not JSON: ${/** @type {Error} */ (error).message}` });
    }
  }

  #describe() {
    const schema = this.#known.get(this.picker.value);
    find("#own", this.root).hidden = schema !== undefined;
    find("#schema-about", this.root).textContent = schema?.description ?? OF_ONE_S_OWN;
    const details = find("#schema-fields", this.root);
    details.hidden = schema === undefined;
    if (!schema) return;
    const fields = fieldsOf(schema.json_schema, schema.json_schema);
    find("summary", details).textContent = plural(fields.length, "field");
    find("dl", details).replaceChildren(...fields.flatMap(described));
  }
}

/**
 * @param {any} schema
 * @param {any} root where its references lead
 * @param {string} [prefix]
 * @returns {{name: string, type: string, about: string}[]} those of objects in it as well, one level down
 */
function fieldsOf(schema, root, prefix = "") {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const field = { name: prefix + name, type: typeOf(property), about: property.description ?? "" };
    const inner = resolved(property.items ?? property, root);
    return prefix || !inner.properties ? [field] : [field, ...fieldsOf(inner, root, `${name}.`)];
  });
}

/** @param {any} property */
function typeOf({ type, items, enum: choices }) {
  const kinds = [type].flat().filter((kind) => kind && kind !== "null");
  if (choices) return choices.filter((/** @type {any} */ choice) => choice !== null).join(", ");
  if (kinds.includes("array")) return items?.type === "string" ? "list of texts" : "list";
  return TYPES[kinds[0]] ?? "";
}

/**
 * @param {any} schema
 * @param {any} root
 */
function resolved(schema, root) {
  const name = /^#\/\$defs\/([^/]+)$/.exec(schema.$ref ?? "")?.[1];
  return name === undefined ? schema : (root.$defs?.[name] ?? schema);
}

/** @param {{name: string, type: string, about: string}} field */
function described({ name, type, about }) {
  const term = document.createElement("dt");
  term.textContent = name;
  const definition = document.createElement("dd");
  definition.textContent = [type, about].filter(Boolean).join(" · ");
  return [term, definition];
}
