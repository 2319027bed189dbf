// Requests of one partner that come in a burst are one line.

import assert from "node:assert/strict";
import { test } from "node:test";

import { bursts, unapproved } from "../../src/ipse/mobile/static/app/screens/bursts.js";

/** @param {string} partner @param {number} at @param {string} outcome */
function entry(partner, at, outcome) {
  return /** @type {any} */ ({ partner, at, outcome, action: `${partner}${at}` });
}

test("neighbours of one partner stand together, in their order", () => {
  const groups = bursts(["shop", "shop", "bank", "shop"], (name) => name);
  assert.deepEqual(groups, [["shop", "shop"], ["bank"], ["shop"]]);
  assert.deepEqual(bursts([], String), []);
});

test("what was approved always stands alone, and what is ten minutes apart does, too", () => {
  const entries = [
    entry("shop", 2000, "rejected"),
    entry("shop", 1900, "expired"),
    entry("shop", 1800, "approved"),
    entry("shop", 1700, "not_started"),
    entry("shop", 1000, "rejected"),
    entry("bank", 990, "rejected"),
  ];
  const sizes = unapproved(entries).map((group) => group.length);
  assert.deepEqual(sizes, [2, 1, 1, 1, 1]);
});
