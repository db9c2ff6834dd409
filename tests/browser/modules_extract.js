/** Checks of the extraction's pure modules. What fails becomes a line on the screen. */

import { parseExact } from "/static/js/extract/exact.js";
import { leavesOf, placeOf, shown, spoken, titleOf } from "/static/js/extract/leaves.js";
import { inUtf16, pieces } from "/static/js/extract/offsets.js";
import { confidenceOf, tally } from "/static/js/extract/words.js";

function same(found, wanted, what) {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left === right) return;
  const line = document.createElement("li");
  line.className = "failed";
  line.textContent = `${what}: ${left} is not ${right}`;
  document.querySelector("ul").append(line);
}

function checkOffsets() {
  const texts = ["", "plain", "🙂", "a🙂b🙂", "e\u0301\u00e9", "👩‍👩‍👧 x", "\ud83dx", "\udc00🙂\ud800", "日本語、𠮷"];
  for (const text of texts) {
    const points = [...text];
    const offsets = points.map((_, index) => index).concat(points.length);
    const found = inUtf16(text, offsets.toReversed());
    for (const offset of offsets) {
      same(found.get(offset), points.slice(0, offset).join("").length, `${offset} in ${JSON.stringify(text)}`);
    }
    same(inUtf16(text, [points.length + 1]).size, 0, "beyond the end");
  }
  const long = "🙂a".repeat(500_000);
  const before = performance.now();
  same([...inUtf16(long, [1_000_000, 3, 3])], [[3, 5], [1_000_000, 1_500_000]], "a million");
  same(performance.now() - before < 2000, true, "a million in time");
}

const range = (start, end, key) => ({ start, end, key });
const cut = (...ranges) => pieces(ranges).map(({ start, end, keys }) => `${start}-${end}:${keys.join("")}`);

function checkPieces() {
  same(cut(), [], "nothing");
  same(cut(range(2, 4, "a"), range(6, 8, "b")), ["2-4:a", "6-8:b"], "apart");
  same(cut(range(0, 9, "a"), range(3, 5, "b")), ["0-3:a", "3-5:ba", "5-9:a"], "one in another");
  same(cut(range(0, 5, "a"), range(3, 8, "b")), ["0-3:a", "3-5:ab", "5-8:b"], "overlapping");
  same(cut(range(1, 2, "a"), range(1, 2, "b")), ["1-2:ab"], "the same");
  same(cut(range(1, 2, "a"), range(2, 3, "b")), ["1-2:a", "2-3:b"], "side by side");
}

function checkLeaves() {
  const data = { a: 1, b: [{ c: null }, { c: [] }], d: {} };
  const paths = (empty) => leavesOf(data, { empty }).map(({ path }) => path.join("."));
  same(paths(true), ["a", "b.0.c", "b.1.c", "d"], "leaves");
  same(paths(false), ["a", "b.0.c"], "leaves without empty ones");
  same(leavesOf("x", { empty: true }), [{ path: [], value: "x" }], "a root that is a leaf");
  same(["due_date", "dueDate", "IBAN", "_", "größe"].map(spoken), ["Due date", "Due date", "IBAN", "_", "Größe"], "names");
  same(placeOf(["line_items", 0, "unit_price"]), "Line items 1, unit price", "a place");
  same(placeOf([1, 2]), "Item 2 3", "a list of lists");
  same(titleOf(["tags", 1]), { group: "", name: "Tags 2" }, "a title in a list");
  same(titleOf(["a", 0, "b"]), { group: "A 1", name: "B" }, "a title in a group");
  same([null, true, 0, "", [], {}].map(shown), ["–", "yes", "0", "", "none", "none"], "values");
}

function checkExact() {
  for (const number of ["1250.00", "1E400", "12345678901234567890", "0.10", "-0"]) {
    const { data } = parseExact(`{"data": [${number}]}`);
    same(leavesOf(data, { empty: true }).map(({ value }) => shown(value)), [number], "digits");
    const written = JSON.stringify(data);
    if (written !== `[${number}]`) same(written, `[${number}]`, "digits, written again");
  }
  same(parseExact('{"a": [1.5, "1.50", true, null]}'), { a: [1.5, "1.50", true, null] }, "the rest");
}

function checkWords() {
  same(confidenceOf({ confidence: 0.29, confidence_from: "model" }), "29 % sure, says the model", "confidence");
  same(confidenceOf({ confidence: 0.9999, confidence_from: "rule" }), "99 % sure by a rule", "never rounded up");
  same(confidenceOf({ confidence: null, confidence_from: null }), "", "none");
  same(tally([]), "0 fields", "no fields");
  same(tally([{ status: "absent" }]), "1 field: 1 absent", "a field");
}

checkOffsets();
checkPieces();
checkLeaves();
checkExact();
checkWords();
const end = document.createElement("p");
end.textContent = "All checks have run.";
document.body.append(end);
