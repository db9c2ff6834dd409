// Anthropic's SDK for Node, against a server of ours: node anthropic.mjs URL KEY CASE MODEL.
// Prints what the case comes to, as JSON; an error as its class, status and type.
import Anthropic from "@anthropic-ai/sdk";

const [baseURL, apiKey, name, model] = process.argv.slice(2);
const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "Hello" }];
const input_schema = { type: "object", properties: { city: { type: "string" } } };
const tools = [{ name: "lookup", input_schema }];
const body = { model, max_tokens: 100, messages };

const cases = {
  async chat() {
    const said = await client.messages.create(body);
    return { text: said.content[0].text, tokens: said.usage.output_tokens, id: said._request_id };
  },

  async stream() {
    const types = new Set();
    const stream = client.messages.stream(body);
    for await (const event of stream) types.add(event.type);
    const said = await stream.finalMessage();
    return { blocks: said.content, reason: said.stop_reason, types: [...types] };
  },

  async tools() {
    const said = await client.messages.stream({ ...body, tools }).finalMessage();
    const results = said.content.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "rain" }));
    const more = [...messages, { role: "assistant", content: said.content }, { role: "user", content: results }];
    const last = await client.messages.create({ ...body, model: "openai/mock-1", tools, messages: more });
    return { inputs: said.content.map((block) => block.input), then: last.content[0].text };
  },

  async count() {
    return (await client.messages.countTokens({ model, messages })).input_tokens;
  },

  async abort() {
    const stream = client.messages.stream(body);
    for await (const event of stream) if (event.type === "content_block_delta") break; // which aborts
    return { left: Date.now() };
  },
};

async function told() {
  try {
    return await cases[name]();
  } catch (error) {
    const { status, type } = error;
    return { error: error.constructor.name, status, type };
  }
}

console.log(JSON.stringify(await told()));
