// The AI SDK's chat as `useChat` has it: the same class, with its state in plain fields where React
// would keep it. Prints what a person would see after each step. node use_chat.mjs URL KEY

import {
  AbstractChat,
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithApprovalResponses as answered,
} from "ai";

const [url, key] = process.argv.slice(2);

class State {
  status = "ready";
  error = undefined;
  messages = [];
  pushMessage = (message) => void (this.messages = [...this.messages, message]);
  popMessage = () => void (this.messages = this.messages.slice(0, -1));
  replaceMessage = (at, message) => void (this.messages = this.messages.with(at, structuredClone(message)));
  snapshot = (value) => structuredClone(value);
}

class Chat extends AbstractChat {
  constructor(id, body, more = {}) {
    const headers = { Authorization: `Bearer ${key}` };
    const transport = new DefaultChatTransport({ api: `${url}/api/ui/chat`, headers, body });
    super({ id, transport, state: new State(), ...more });
  }
}

const textOf = ({ parts }) => parts.filter(({ type }) => type === "text").map(({ text }) => text).join("");
const seen = {};
const show = (step, chat) => {
  seen[step] = {
    status: chat.status,
    error: chat.error?.message,
    texts: chat.messages.map((message) => [message.role, textOf(message)]),
    calls: chat.messages.flatMap(({ parts }) => parts.filter(({ type }) => type === "dynamic-tool").map(({ state }) => state)),
  };
};
const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

const chat = new Chat("plain", { model: "openai/mock-2" });
await chat.sendMessage({ text: "One" });
show("said", chat);
await chat.sendMessage({ text: "Two" });
await chat.regenerate();
show("regenerated", chat);
await chat.sendMessage({ text: "Un", messageId: chat.messages[0].id });
show("edited", chat);
await chat.sendMessage({ text: "Break" }, { body: { model: "openai/cut-3" } });
show("broken", chat);
await chat.regenerate();
show("mended", chat);

const left = new Chat("left", { model: "openai/mock-9000-3000" });
const leaving = left.sendMessage({ text: "Go on" });
await until(() => left.messages.length > 1 && textOf(left.messages[1]));
await left.stop();
await leaving;
show("left", left);

const body = { model: "openai/mock-100-5000", on_disconnect: "continue" };
const first = new Chat("shared", body);
const answering = first.sendMessage({ text: "Go on" });
await until(() => first.messages.length > 1 && textOf(first.messages[1]));
const second = new Chat("shared", body, { messages: [first.messages[0]] });
second.messages = [first.messages[0]];
await Promise.all([answering, second.resumeStream()]);
show("first", first);
show("resumed", second);
await second.resumeStream();
show("resumed again", second);

const agent = new Chat("agent", { model: "openai/act-1", tools: null }, { sendAutomaticallyWhen: answered });
await agent.sendMessage({ text: "Clean up" });
show("asking", agent);
const asked = agent.messages[1].parts.find(({ type }) => type === "dynamic-tool");
await agent.addToolApprovalResponse({ id: asked.approval.id, approved: true });
await until(() => agent.status === "ready" && textOf(agent.messages[1]));
show("approved", agent);

console.log(JSON.stringify(seen));
