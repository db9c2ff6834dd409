// Prints what is wrong with a Dockerfile as JSON: a list of sentences. node lint.mjs FILE
import { readFileSync } from "node:fs";
import utils from "dockerfile-utils";

const found = utils.validate(readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(found.map(({ message }) => message)));
