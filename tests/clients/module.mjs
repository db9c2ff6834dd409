// Reads Parley's streams with its own module, as it is served. Jobs come as lines of JSON on stdin;
// for each a line with what became of it goes to stdout. node module.mjs URL KEY AT_ONCE SOURCE

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [url, key, atOnce, source] = process.argv.slice(2);
const now = () => Number(process.hrtime.bigint()) / 1e9;

const folder = await mkdtemp(join(tmpdir(), "parley-"));
const file = join(folder, "parley.mjs");
await writeFile(file, await (await fetch(`${source}/parley.js`)).text());
const parley = await import(pathToFileURL(file));
await rm(folder, { recursive: true });

/** How many requests a job has sent, and what they were. */
function counting(result) {
  result.requests = [];
  return (address, init) => {
    result.requests.push(`${init.method ?? "GET"} ${new URL(address).pathname.split("/").slice(0, 4).join("/")}`);
    return fetch(address, init);
  };
}

/**
 * `door`: which function; `leave`: how somebody leaves who has seen so many deltas ("abort", "break",
 * or "before" the first byte); `options`: what it is asked with.
 */
async function run({ id, door = "chat", name, leave, after = 2, options = {} }) {
  const result = { id, text: "", events: [], ids: [] };
  const gone = new AbortController();
  const given = { url, key, signal: gone.signal, fetch: counting(result), ...options };
  const streams = {
    chat: () => parley.chat({ message: "Hi", ...given }),
    prompt: () => parley.prompt(name, given),
    extract: () => parley.extract(given),
    agent: () => parley.agent({ message: "Hi", ...given }),
    resume: () => parley.resume(name, given),
  };
  if (leave === "before") setTimeout(() => gone.abort(), after);
  try {
    for await (const { id: number, event, data } of streams[door]()) {
      result.events.push(event);
      result.ids.push(number);
      if (event === "start") result.run = data.run_id;
      if (event === "delta") result.text += data.text;
      if (event === "done") result.done = data;
      if (!leave || result.events.filter((seen) => seen === "delta").length < after) continue;
      result.leftAt = now();
      if (leave === "break") break;
      gone.abort();
    }
  } catch (error) {
    const { message, code, status, retryable, requestId, retryAfter, detail } = error;
    result.error = { name: error.name, message, code, status, retryable, requestId, retryAfter, detail };
  }
  return result;
}

const waiting = [];
for await (const line of createInterface({ input: process.stdin })) waiting.push(JSON.parse(line));
const work = async () => {
  for (let job = waiting.shift(); job; job = waiting.shift()) console.log(JSON.stringify(await run(job)));
};
await Promise.all(Array.from({ length: Number(atOnce) }, work));
