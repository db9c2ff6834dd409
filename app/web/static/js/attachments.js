/** The images that go with the next message: chosen, pasted or dropped, and shown above the text. */

import { Problem } from "./api.js";
import { find, stamp } from "./dom.js";
import { tell } from "./notice.js";

const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const MOST = 8;

/** @typedef {{name: string, url: string}} Attachment url: a data URL */

const list = find("#attachments");
const limit = Number(find("#composer").dataset.imageBytes);
/** @type {Attachment[]} */
let attached = [];
/** A file is there a moment after it was given. */
let reading = Promise.resolve();
/** @type {() => void} */
let changed = () => {};

/** @returns {Promise<string[]>} data URLs, with those that are being read */
export async function images() {
  await reading;
  return attached.map(({ url }) => url);
}

export const hasImages = () => attached.length > 0;

/** @param {string[]} urls */
export function setImages(urls) {
  show(urls.map((url, index) => ({ name: `Image ${index + 1}`, url })));
}

/** @param {() => void} onChange */
export function initAttachments(onChange) {
  changed = onChange;
  /** @type {HTMLInputElement} */
  const input = find("#files");
  find("#attach").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    attach([...(input.files ?? [])]);
    input.value = ""; // the same file may be chosen again
  });
  find("#message").addEventListener("paste", (event) => {
    const { clipboardData } = /** @type {ClipboardEvent} */ (event);
    // Some programs copy a text together with a picture of it.
    if (!clipboardData?.files.length || clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    attach([...clipboardData.files]);
  });
  // Wherever a file is dropped: left to the browser, it would take the place of the page.
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    attach([...(event.dataTransfer?.files ?? [])]);
  });
}

/** @param {DragEvent} event */
const holdsFiles = (event) => Boolean(event.dataTransfer?.types.includes("Files"));

/** @param {File[]} files */
function attach(files) {
  if (files.length === 0) return;
  const after = reading;
  reading = tell(async () => {
    await after;
    for (const file of files) await add(file);
  });
}

/** @param {File} file */
async function add(file) {
  const size = attached.reduce((sum, { url }) => sum + bytesIn(url), file.size);
  if (!TYPES.includes(file.type)) refuse(`“${file.name}” is not an image in PNG, JPEG, GIF or WebP.`);
  if (attached.length === MOST) refuse(`A message takes no more than ${MOST} images.`);
  if (size > limit) refuse(`With “${file.name}” the images would be larger than ${megabytes(limit)} together.`);
  show([...attached, { name: file.name, url: await dataUrl(file) }]);
  find("#status").textContent = `“${file.name}” is attached.`;
}

/** @param {string} detail */
function refuse(detail) {
  throw new Problem({ detail });
}

/** @param {number} bytes */
const megabytes = (bytes) => `${Number((bytes / 2 ** 20).toFixed(1))} MB`;

/** @param {string} url */
const bytesIn = (url) => Math.floor(((url.length - url.indexOf(",") - 1) * 3) / 4);

/**
 * @param {File} file
 * @returns {Promise<string>}
 */
function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Problem({ detail: `“${file.name}” cannot be read.` }));
    reader.readAsDataURL(file);
  });
}

/** @param {Attachment[]} attachments */
function show(attachments) {
  attached = attachments;
  list.replaceChildren(...attached.map(thumbnail));
  list.hidden = attached.length === 0;
  changed();
}

/** @param {Attachment} attachment */
function thumbnail(attachment) {
  const item = stamp("t-attachment");
  /** @type {HTMLImageElement} */
  const image = find("img", item);
  image.src = attachment.url;
  image.alt = attachment.name;
  const button = find("button", item);
  button.setAttribute("aria-label", `Remove “${attachment.name}”`);
  button.addEventListener("click", () => remove(attachment));
  return item;
}

/** @param {Attachment} attachment */
function remove(attachment) {
  const index = attached.indexOf(attachment);
  show(attached.filter((other) => other !== attachment));
  const buttons = list.querySelectorAll("button");
  (buttons[index] ?? buttons[index - 1] ?? find("#message")).focus();
}
