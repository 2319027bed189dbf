// The four languages say the same things, and there are words for everything that can happen.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { LANGUAGES, translator } from "../../src/ipse/mobile/static/app/parts/language.js";
import { APP, appFiles } from "./shell_files.js";

const PROTOCOL = readFileSync(new URL("../../docs/reference/device-protocol.md", import.meta.url), "utf8");

/** @param {string} language @returns {Record<string, string>} */
function catalogue(language) {
  return JSON.parse(readFileSync(join(APP, "messages", `${language}.json`), "utf8"));
}

const english = catalogue("en");

for (const language of LANGUAGES) {
  test(`${language} has every message, with the same places to fill`, () => {
    const messages = catalogue(language);
    assert.deepEqual(Object.keys(messages).sort(), Object.keys(english).sort());
    for (const [id, message] of Object.entries(messages)) {
      assert.ok(message.trim() !== "", id);
      assert.deepEqual(places(message), places(english[id] ?? ""), id);
    }
  });
}

/** @param {string} message */
function places(message) {
  return [...message.matchAll(/\{\w+\}/g)].map(String).sort();
}

test("every error of the protocol has words (section 6)", () => {
  const table = PROTOCOL.slice(PROTOCOL.indexOf("## 6."), PROTOCOL.indexOf("## 7."));
  const codes = table
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map((match) => match[1]));
  assert.ok(codes.length > 20);
  for (const code of codes) assert.ok(`error.${code}` in english, `error.${code}`);
});

test("every reason of the protocol has words", () => {
  const reasons = {
    why: [
      "moved",
      "removed",
      "copied",
      "blocked",
      "wrong_codes",
      "by_person",
      "phone_removed",
      "phone_copied",
      "number_not_verified",
    ],
    ended: [
      "foreign_return",
      "expired",
      "refused_by_person",
      "registrar_error",
      "unacceptable_identity",
      "under_age",
      "superseded",
    ],
    outcome: ["approved", "rejected", "not_started", "expired", "cancelled", "failed"],
    "account.blocked": ["wrong_codes", "by_person", "phone_removed", "phone_copied"],
  };
  for (const [group, names] of Object.entries(reasons)) {
    for (const name of names) {
      assert.ok(`${group}.${name}` in english, `${group}.${name}`);
      assert.ok(PROTOCOL.includes(name), `the protocol no longer says ${name}`);
    }
  }
});

test("no message is left over", () => {
  const sources = appFiles()
    .filter((path) => path.endsWith(".js") && !path.startsWith("vendor/"))
    .map((path) => readFileSync(join(APP, path), "utf8"))
    .join("\n");
  const composed = [
    "account",
    "attribute",
    "document",
    "document_type",
    "ended",
    "error",
    "gender",
    "language",
    "level",
    "method",
    "notice",
    "outcome",
    "start",
    "stopped",
    "type",
    "why",
    "check",
    "device_action",
    "warning",
  ];
  const beginnings = ["request.title_", "request.by_", "confirm.title_", "move.ended."];
  const ways = ["sheet", "totp", "passkey"].flatMap((way) => [`fallbacks.${way}`, `fallbacks.add_${way}`]);
  const unused = Object.keys(english)
    .filter((id) => !sources.includes(`"${id}"`) && !composed.includes(id.split(".")[0] ?? ""))
    .filter((id) => !beginnings.some((beginning) => id.startsWith(beginning)))
    .filter((id) => !ways.some((way) => [way, `${way}_more`, `${way}_lead`, `${way}_use`].includes(id)));
  assert.deepEqual(unused, []);
});

test("places are filled, unknown ones stay visible", () => {
  const t = translator({ back: "{a} and {b}" });
  assert.equal(t("back", { a: 1 }), "1 and {b}");
});
