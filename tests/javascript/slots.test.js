// The two code slots: which duress codes are too near, and what a record without a second slot becomes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isNear, newSlot, withSpare } from "../../src/ipse/mobile/static/app/engine/slots.js";
import { livingPhone } from "./phone_stand_in.js";

/** @type {{ code: string, other: string, near: boolean, why: string }[]} */
const vectors = JSON.parse(readFileSync(new URL("../vectors/near_codes.json", import.meta.url), "utf8"));

for (const { code, other, near, why } of vectors)
  test(`near codes: ${why}`, () => {
    assert.equal(isNear(code, other), near);
    assert.equal(isNear(other, code), near);
  });

test("a phone from before there were two slots gets its second once, and keeps it", async () => {
  const old = await livingPhone();
  const whole = withSpare(old, newSlot());
  assert.equal(Object.keys(whole.salts).length, 2);
  assert.ok(whole.spare && whole.salts[whole.spare]?.length === 43);
  assert.equal(withSpare(whole, newSlot()), whole);
});
