// Codes that every phone refuses, by the list that all languages share (B-23).

import assert from "node:assert/strict";
import { test } from "node:test";

import { isWeak } from "../../src/ipse/mobile/static/app/engine/weak.js";
import { vectors } from "./vectors.js";

for (const { code, context, weak, why } of vectors("weak_codes.json")) {
  const number = Object.keys(context).length === 0 ? "" : " with a person known";
  test(`${JSON.stringify(code)} is ${weak ? "refused" : "taken"}${number}: ${why}`, () => {
    assert.equal(isWeak(code, context), weak);
  });
}

test("most codes are taken: what is refused stays below a tenth", () => {
  let refused = 0;
  for (let code = 0; code < 100_000; code += 1) refused += Number(isWeak(String(code).padStart(5, "0")));
  assert.ok(refused > 1000 && refused < 10_000, `${refused} refused`);
});
