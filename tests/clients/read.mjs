// Reads a stream of ours with a parser that people use, and prints the texts of its deltas and
// the names of all its events as JSON. node read.mjs PARSER URL
import { createParser } from "eventsource-parser";
import { EventSource } from "eventsource";

const [parser, url] = process.argv.slice(2);
const texts = [];
const names = [];

function take(name, data) {
  names.push(name);
  if (name === "delta") texts.push(JSON.parse(data).text);
  return name === "done" || name === "error";
}

const readers = {
  async "eventsource-parser"() {
    const parsed = createParser({ onEvent: (event) => take(event.event, event.data) });
    const answer = await fetch(url);
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) parsed.feed(part);
  },

  eventsource: () =>
    new Promise((resolve) => {
      const source = new EventSource(url);
      for (const name of ["start", "delta", "reasoning", "usage", "done", "error", "message"])
        source.addEventListener(name, (event) => {
          if (event.data === undefined || take(name, event.data)) {
            source.close();
            resolve();
          }
        });
    }),

  async "fetch-event-source"() {
    // It is written for a browser, and asks it whether the page is visible.
    globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
    globalThis.window = globalThis;
    const { fetchEventSource } = (await import("@microsoft/fetch-event-source")).default;
    await fetchEventSource(url, {
      onmessage: (event) => take(event.event, event.data),
      onclose() {},
      onerror(error) {
        throw error;
      },
    });
  },
};

await readers[parser]();
console.log(JSON.stringify({ texts, names }));
