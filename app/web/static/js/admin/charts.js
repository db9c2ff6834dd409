/** Charts as SVG, each with a table that says the same to those who do not see it. */

import { draw, make } from "./make.js";

/**
 * @typedef {{label: string, value: number, text: string, failed?: number}} Bar text: the value in words
 * @typedef {{title: string, unit: string, bars: Bar[]}} Chart
 */

const WIDTH = 480;
const HEIGHT = 150;
const TOP = 18;
const BOTTOM = 20;
const EVERY = 4; // how many bars have one label under them

/**
 * A bar for each hour.
 * @param {Chart} chart
 */
export function columns({ title, unit, bars }) {
  const most = Math.max(...bars.map(({ value }) => value), 0);
  const step = WIDTH / bars.length;
  const room = HEIGHT - TOP - BOTTOM;
  const high = (/** @type {number} */ value) => (most > 0 ? (value / most) * room : 0);
  const drawn = bars.flatMap((bar, index) => {
    const place = { x: index * step + 1.5, width: step - 3 };
    const [all, failed] = [high(bar.value), high(bar.failed ?? 0)];
    return [
      draw("rect", { class: "bar", ...place, y: HEIGHT - BOTTOM - all, height: all, rx: 2 }, tip(bar)),
      draw("rect", { class: "bar failed", ...place, y: HEIGHT - BOTTOM - failed, height: failed, rx: 2 }, tip(bar)),
      ...(index % EVERY ? [] : [write(bar.label, index * step + 1.5, HEIGHT - 5)]),
    ];
  });
  const line = draw("path", { class: "axis", d: `M0 ${HEIGHT - BOTTOM + 0.5}H${WIDTH}` });
  const top = most > 0 ? [write(bars.find(({ value }) => value === most)?.text ?? "", 0, 13)] : [];
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" }, line, ...drawn, ...top);
  return figure(title, unit, bars, svg, most > 0);
}

/**
 * A bar for each name, the longest first.
 * @param {Chart} chart
 */
export function rows({ title, unit, bars }) {
  const most = Math.max(...bars.map(({ value }) => value), 0);
  const list = bars.map((bar) => {
    const share = most > 0 ? (bar.value / most) * 100 : 0;
    const line = draw("rect", { class: "bar", width: share, height: 6, rx: 1 });
    const svg = draw("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none" }, line);
    const name = make("span", { class: "bar-name", title: bar.label }, bar.label);
    return make("div", { class: "bar-row" }, name, make("span", { class: "bar-text" }, bar.text), svg);
  });
  return figure(title, unit, bars, make("div", { class: "bar-rows", "aria-hidden": "true" }, ...list), bars.length > 0);
}

/**
 * @param {string} title
 * @param {string} unit
 * @param {Bar[]} bars
 * @param {Element} drawing
 * @param {boolean} any whether there is something to be seen
 */
function figure(title, unit, bars, drawing, any) {
  const shown = any ? drawing : make("p", { class: "admin-note" }, "Nothing yet today.");
  const told = bars.map(({ label, text }) =>
    make("tr", {}, make("th", { scope: "row" }, label), make("td", {}, text)),
  );
  const head = make("tr", {}, make("th", { scope: "col" }, "Of"), make("th", { scope: "col" }, unit));
  const table = make("table", {}, make("caption", {}, title), make("thead", {}, head), make("tbody", {}, ...told));
  const hidden = any ? [make("div", { class: "sr-only" }, table)] : [];
  return make("figure", { class: "chart" }, make("figcaption", {}, title), shown, ...hidden);
}

/** @param {Bar} bar */
const tip = ({ label, text }) => draw("title", {}, `${label}: ${text}`);

/**
 * @param {string} text
 * @param {number} x
 * @param {number} y
 */
const write = (text, x, y) => draw("text", { x, y }, text);
