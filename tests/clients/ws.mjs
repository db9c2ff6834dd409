// A plain WebSocket client against a server of ours: node ws.mjs URL KEY CASE.
// Prints what the case comes to, as JSON.
import WebSocket from "ws";

const [url, key, name] = process.argv.slice(2);

/** A socket that is signed in; `hear` gives one message after the other. */
async function opened() {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/chat/ws`);
  const heard = [];
  const waiting = [];
  socket.on("message", (data, isBinary) => {
    if (isBinary) throw new Error("bytes");
    const said = JSON.parse(data.toString());
    waiting.length ? waiting.shift()(said) : heard.push(said);
  });
  const hear = () => heard.shift() ?? new Promise((resolve) => waiting.push(resolve));
  const say = (type, said) => socket.send(JSON.stringify({ type, ...said }));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  say("auth", { key });
  await hear();
  return { socket, hear, say };
}

async function texts(hear, runs) {
  const said = {};
  const owner = {};
  for (let ended = 0; ended < runs; ) {
    const { event, run_id, reply_to, data } = await hear();
    if (event === "accepted") [owner[run_id], said[reply_to]] = [reply_to, ""];
    if (event === "delta") said[owner[run_id]] += data.text;
    if (event === "done" || event === "error") ended += 1;
  }
  return said;
}

const cases = {
  async chat() {
    const { socket, hear, say } = await opened();
    for (const count of [1, 2, 3]) say("chat", { id: `${count}`, message: "hi", model: `openai/mock-${count}` });
    const said = await texts(hear, 3);
    socket.close(1000);
    const [code] = await new Promise((resolve) => socket.once("close", (...end) => resolve(end)));
    return { said, code, compressed: socket.extensions };
  },

  async resume() {
    const first = await opened();
    first.say("chat", { message: "hi", model: "openai/mock-20-20000", on_disconnect: "continue" });
    let last;
    do last = await first.hear();
    while (last.event !== "delta");
    first.socket.terminate();
    const { socket, hear, say } = await opened();
    say("resume", { run_id: last.run_id, after: last.id, id: "again" });
    const said = await texts(hear, 1);
    socket.close();
    return { text: last.data.text + said.again };
  },

  async stop() {
    const { socket, hear, say } = await opened();
    say("chat", { message: "hi", model: "openai/stall-2" });
    const { run_id } = await hear();
    say("stop", { run_id });
    let last;
    do last = await hear();
    while (last.event !== "state");
    socket.close();
    return last.data.state;
  },

  async error() {
    const { socket, hear, say } = await opened();
    say("chat", { id: "bad", message: "" });
    const { event, reply_to, data } = await hear();
    socket.close();
    return { event, reply_to, code: data.code };
  },

  async terminate() {
    const { socket, hear, say } = await opened();
    say("chat", { message: "hi", model: "openai/mock-10000-20000" });
    while ((await hear()).event !== "delta");
    socket.terminate();
    return { left: Date.now() };
  },
};

console.log(JSON.stringify(await cases[name]()));
