// OpenAI's SDK for Node, against a server of ours: node openai.mjs URL KEY CASE MODEL.
// Prints what the case comes to, as JSON; an error as its class, status, code and param.
import OpenAI from "openai";

const [baseURL, apiKey, name, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "Hello" }];
const parameters = { type: "object", properties: { city: { type: "string" } } };
const tools = [{ type: "function", function: { name: "lookup", parameters } }];

const cases = {
  async chat() {
    const said = await client.chat.completions.create({ model, messages });
    return { text: said.choices[0].message.content, tokens: said.usage.total_tokens };
  },

  async stream() {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    let text = "";
    let reason = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      reason = chunk.choices[0]?.finish_reason ?? reason;
    }
    return { text, reason };
  },

  async tools() {
    const stream = client.chat.completions.stream({ model, messages, tools });
    const said = await stream.finalChatCompletion();
    return said.choices[0].message.tool_calls.map((call) => JSON.parse(call.function.arguments));
  },

  async structured() {
    const schema = { type: "object", properties: { days: { type: "integer" } }, required: ["days"] };
    const response_format = { type: "json_schema", json_schema: { name: "weather", schema } };
    const said = await client.chat.completions.parse({ model, messages, response_format });
    return JSON.parse(said.choices[0].message.content);
  },

  async abort() {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    for await (const _ of stream) break; // which aborts
    return { left: Date.now() };
  },

  async responses() {
    const stream = await client.responses.stream({ model, input: "Hello" });
    const types = [];
    for await (const event of stream) types.push(event.type);
    return { text: (await stream.finalResponse()).output_text, last: types.at(-1) };
  },

  async models() {
    const ids = [];
    for await (const each of client.models.list()) ids.push(each.id);
    return ids;
  },

  async embeddings() {
    const found = await client.embeddings.create({ model, input: ["a", "bcd"], encoding_format: "float" });
    return found.data.map((each) => each.embedding);
  },
};

async function told() {
  try {
    return await cases[name]();
  } catch (error) {
    const { status, code, param } = error;
    return { error: error.constructor.name, status, code, param };
  }
}

console.log(JSON.stringify(await told()));
