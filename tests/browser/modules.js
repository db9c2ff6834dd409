/** Checks of the modules that need no page. What fails becomes a line on the screen. */

import { events } from "/parley.js";
import { BlockScanner } from "/static/js/blocks.js";
import { newestLeaf, pathTo, siblings } from "/static/js/tree.js";
import { canRetry, endingOf, formatCost, usageParts } from "/static/js/usage.js";

function same(found, wanted, what) {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left === right) return;
  const line = document.createElement("li");
  line.className = "failed";
  line.textContent = `${what}: ${left} is not ${right}`;
  document.querySelector("ul").append(line);
}

const bytes = new TextEncoder();

/** What the events of a body are that comes in these pieces. */
async function parse(...pieces) {
  const body = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(bytes.encode(piece));
      controller.close();
    },
  });
  const found = [];
  for await (const { event, data, id } of events(body)) found.push([event, data, id]);
  return found;
}

async function checkEvents() {
  const wanted = [["delta", { text: "a: b" }, 1], ["message", ["two", "lines"], 2]];
  for (const end of ["\n", "\r", "\r\n"]) {
    const lines = ["id: 1", "event: delta", 'data: {"text": "a: b"}', "", ": hb", "id:2", 'data:["two",', 'data: "lines"]', ""];
    const text = lines.map((line) => line + end).join("");
    same(await parse(text), wanted, `events with ${JSON.stringify(end)}`);
    same(await parse(...text), wanted, `events with ${JSON.stringify(end)}, a character at a time`);
    for (let cut = 1; cut < text.length; cut += 1) {
      same(await parse(text.slice(0, cut), text.slice(cut)), wanted, `cut at ${cut}`);
    }
  }
  same(await parse(": hb\ndata: 1\n\n"), [["message", 1, 0]], "a heartbeat of one line feed");
  same(await parse("event: a\n\ndata: 1\n\n"), [["message", 1, 0]], "an event without data is forgotten");
  same(await parse("data: 1\n"), [], "an unterminated event is discarded");
  same(await parse('data: "a\u2028b\u0085c"\n\n'), [["message", "a\u2028b\u0085c", 0]], "other separators are text");
}

async function checkBytes() {
  const said = bytes.encode('\uFEFFdata: "grüße 😀"\n\ndata: "end"\n\n');
  const body = new ReadableStream({
    start(controller) {
      for (const byte of said) controller.enqueue(new Uint8Array([byte]));
      controller.close();
    },
  });
  const found = [];
  for await (const { data } of events(body)) found.push(data);
  same(found, ["grüße 😀", "end"], "letters cut into bytes, and a mark at the beginning");
}

function scan(text) {
  const scanner = new BlockScanner();
  for (const letter of text) scanner.push(letter);
  return [text.slice(0, scanner.settled), text.slice(scanner.settled, scanner.finished), scanner.inFence];
}

function checkBlocks() {
  same(scan("One\n"), ["", "", false], "a paragraph may go on");
  same(scan("One\n\n"), ["", "One\n\n", false], "a blank line finishes");
  same(scan("One\n\nTwo\n"), ["One\n\n", "", false], "the next block settles");
  same(scan("- a\n\n- b\n\n"), ["", "- a\n\n- b\n\n", false], "a list goes on after a blank line");
  same(scan("1. a\n\n   more\n\nEnd\n"), ["1. a\n\n   more\n\n", "", false], "and ends at the margin");
  same(scan("A\n\n```py\nx\n\ny\n"), ["A\n\n", "", true], "a blank line in a fence finishes nothing");
  same(scan("```py\nx\n```\n"), ["", "```py\nx\n```\n", false], "the end of a fence does");
  same(scan("````\n```\n\n````\n"), ["", "````\n```\n\n````\n", false], "a shorter fence does not close");
  same(scan("```\n~~~\n\n"), ["", "", true], "nor does another kind");
  same(scan("```\n``` x\n\n"), ["", "", true], "nor one with words behind it");
  same(scan("A\n```\nx\n"), ["A\n", "", true], "a fence interrupts a paragraph");
  same(scan("```a``` b\n\n"), ["", "```a``` b\n\n", false], "code in a line is no fence");
}

const message = (id, parent_id, role = "user") => ({ id, parent_id, role });

function checkTree() {
  const all = [
    message("q1", null), message("a1", "q1", "assistant"), message("q2", "a1"),
    message("a2", "q1", "assistant"), message("r1", null), message("a3", "q2", "assistant"),
  ];
  const ids = (messages) => messages.map(({ id }) => id);
  same(newestLeaf(all), "a3", "the newest leaf of all");
  same(newestLeaf(all, "a2"), "a2", "a leaf is its own newest");
  same(newestLeaf(all, "q1"), "a3", "the newest under a message");
  same(newestLeaf([]), null, "nothing has no leaf");
  same(ids(pathTo(all, "a3")), ["q1", "a1", "q2", "a3"], "a path");
  same(ids(pathTo(all, null)), [], "no leaf, no path");
  same(ids(siblings(all, all[1])), ["a1", "a2"], "answers side by side");
  same(ids(siblings(all, all[0])), ["q1", "r1"], "roots side by side");
  same(ids(pathTo([message("x", "y"), message("y", "x")], "x")), ["y", "x"], "a circle ends");
}

function checkUsage() {
  const usage = { input_tokens: 1, cached_input_tokens: 0, output_tokens: 2, reasoning_tokens: 0 };
  const whole = { model: "m", usage, cost_usd: 0.0421, status: "complete", finish_reason: "stop" };
  same(usageParts(whole), ["m", "1 token in", "2 out", "$0.0421"], "usage");
  same(usageParts({ ...whole, usage: null, cost_usd: null }), ["m"], "unknown usage is not shown");
  same(endingOf(whole), "", "a good ending needs no word");
  same(endingOf({ status: "incomplete" }), "Incomplete", "an ending that nobody explained");
  same(canRetry({ status: "incomplete", finish_reason: "stopped" }), true, "a stop can be undone");
  same(canRetry({ status: "incomplete", error: { retryable: false } }), false, "a refusal cannot");
}

function checkCosts() {
  const shown = [[0, "$0.00"], [0.000001, "$0.000001"], [0.054399, "$0.0544"], [3.054399, "$3.05"]];
  for (const [cost, words] of shown) same(formatCost(cost), words, "a cost");
  same(formatCost(1234567.8), "$1,234,567.80", "a large cost");
}

await checkEvents();
await checkBytes();
checkBlocks();
checkTree();
checkUsage();
checkCosts();
const end = document.createElement("p");
end.textContent = "All checks have run.";
document.body.append(end);
