// Talks to Parley as useChat does, with the AI SDK's transport and reader. Jobs come as lines of
// JSON on stdin; for each a line with what became of it goes to stdout. node ui.mjs URL KEY AT_ONCE

import { createInterface } from "node:readline";
import { DefaultChatTransport, readUIMessageStream } from "ai";

const [url, key, atOnce] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${key}` };
const ENDS = ["finish", "error", "abort"];
const now = () => Number(process.hrtime.bigint()) / 1e9;

const said = (id, text) => ({ id, role: "user", parts: [{ type: "text", text }] });

/** Reads one stream: the message that it makes, how it ended, and what went wrong. */
async function read(stream, result, onText) {
  const types = [];
  const watched = stream.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        types.push(chunk.type);
        controller.enqueue(chunk);
      },
    }),
  );
  delete result.error;
  try {
    for await (const message of readUIMessageStream({ stream: watched, terminateOnError: true })) {
      result.message = message;
      if (message.parts.some((part) => part.type === "text" && part.text)) onText?.();
    }
  } catch (error) {
    result.error = `${error.name}: ${error.message}`;
  }
  result.end = types.findLast((type) => ENDS.includes(type)) ?? null;
  result.afterEnd = types.length - 1 - types.findIndex((type) => ENDS.includes(type));
}

/**
 * One message to its end. `resumes`: a connection that breaks is taken up again, so often; `abort`:
 * the client leaves as soon as there is text.
 */
async function run({ chat, text = "Hi", resumes = 0, abort = false, body }) {
  const transport = new DefaultChatTransport({ api: `${url}/api/ui/chat`, headers, body });
  const gone = new AbortController();
  const result = { chat, resumed: 0 };
  const leave = () => {
    if (!abort || gone.signal.aborted) return;
    result.leftAt = now();
    gone.abort();
  };
  try {
    const stream = await transport.sendMessages({
      chatId: chat,
      messages: [said(`u-${chat}`, text)],
      trigger: "submit-message",
      abortSignal: gone.signal,
    });
    await read(stream, result, leave);
  } catch (error) {
    Object.assign(result, { error: `${error.name}: ${error.message}`, status: error.statusCode });
  }
  while (!result.end && !result.status && result.resumed < resumes) {
    result.resumed += 1;
    try {
      const stream = await transport.reconnectToStream({ chatId: chat });
      if (stream === null) {
        result.nothing = true;
        break;
      }
      await read(stream, result);
    } catch (error) {
      result.error = `${error.name}: ${error.message}`;
    }
  }
  return result;
}

const waiting = [];
for await (const line of createInterface({ input: process.stdin })) waiting.push(JSON.parse(line));
const work = async () => {
  for (let job = waiting.shift(); job; job = waiting.shift()) console.log(JSON.stringify(await run(job)));
};
await Promise.all(Array.from({ length: Number(atOnce) }, work));
