/** The images of a message on the screen. */

/**
 * @param {string[]} urls data URLs
 * @returns {HTMLElement[]} list items
 */
export function pictures(urls) {
  return urls.map((url, index) => {
    const image = new Image();
    image.src = url;
    image.alt = `Image ${index + 1} of ${urls.length}`;
    image.draggable = false; // dropped again, it would be attached
    const item = document.createElement("li");
    item.append(image);
    return item;
  });
}
