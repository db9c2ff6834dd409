// Counts tokens as vendors do: texts as a JSON list on stdin, counts by tokenizer on stdout.

import { countTokens } from "@anthropic-ai/tokenizer";
import { getEncoding } from "js-tiktoken";

let said = "";
for await (const part of process.stdin.setEncoding("utf8")) said += part;
const texts = JSON.parse(said);
const counts = { claude: texts.map((text) => countTokens(text)) };
for (const name of ["cl100k_base", "o200k_base", "p50k_base"]) {
  const encoding = getEncoding(name);
  counts[name] = texts.map((text) => encoding.encode(text, [], []).length);
}
console.log(JSON.stringify(counts));
