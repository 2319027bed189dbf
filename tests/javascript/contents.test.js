// What a person is asked to confirm: what counts as understood, and how it reads. No digit of an amount ever changes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { asContent, asPastContent, readContents } from "../../src/ipse/mobile/static/app/engine/contents.js";
import { familyOf } from "../../src/ipse/mobile/static/app/engine/device.js";
import { LOCALES } from "../../src/ipse/mobile/static/app/parts/language.js";
import { firstLine, markupRuns } from "../../src/ipse/mobile/static/app/parts/markup.js";
import { amountWords, currencyName, ibanWords } from "../../src/ipse/mobile/static/app/parts/money.js";
import { vectors } from "./vectors.js";

const { understood, strange, documents } = vectors("confirms.json");

test("every type is understood, with and without its optional members", () => {
  for (const content of understood) assert.equal(asContent(content)?.type, content.type, JSON.stringify(content));
});

test("whatever cannot be shown in full is strange: it can only be refused (WYSIWYS)", () => {
  for (const content of strange) {
    assert.equal(asContent(content), null, JSON.stringify(content));
    const { strange: found } = readContents({ v: 1, type: "confirmation", confirms: [understood[0], content] });
    assert.notEqual(found, null, JSON.stringify(content));
  }
});

test("the history keeps the names of what was signed, and what a certificate was worth", () => {
  const signed = { type: "signature", count: 2, labels: ["Lease.pdf", "Annex.pdf"], role: "Tenant" };
  const made = { type: "credential", issuer: "Authority", quality: "test", valid_seconds: 600 };
  const past = /** @type {any} */ (asPastContent(signed));
  assert.deepEqual(past.documents.map((/** @type {{ label: string }} */ { label }) => label), signed.labels);
  assert.equal(past.commitment, "");
  assert.equal(/** @type {any} */ (asPastContent(made)).quality, "test");
  for (const content of [signed, made]) assert.equal(asContent(content), null); // never enough to approve
  for (const content of understood) assert.deepEqual(asPastContent(content), asContent(content));
  for (const strange of [
    { ...signed, count: 3 },
    { ...signed, labels: [] },
    { ...signed, labels: ["a", 7] },
    { ...signed, labels: "ab" },
    { ...signed, level: "B-LT" },
    { ...made, quality: "best" },
    { type: "signature" },
    { type: "insurance" },
    null,
  ])
    assert.equal(asPastContent(strange), null, JSON.stringify(strange));
});

test("so is a document of another version or type, and a confirmation of nothing", () => {
  for (const { shown, strange: what } of documents) {
    assert.equal(readContents(shown).strange, what, JSON.stringify(shown));
  }
});

test("amounts keep exactly the digits that were signed, in every language", () => {
  const amounts = ["0", "7", "100", "1234.5", "1234.50", "0.10", "999999999999.999999", "9007199254740993.01", "007.00"];
  for (const locale of Object.values(LOCALES)) {
    for (const amount of amounts) {
      const words = amountWords(amount, locale);
      assert.equal(words.replaceAll(/\D/g, ""), amount.replaceAll(".", ""), `${amount} in ${locale}`);
      const decimals = amount.split(".")[1];
      if (decimals !== undefined) assert.match(words, new RegExp(`[,.]${decimals}$`));
    }
  }
  assert.equal(amountWords("1234567.50", "nl-BE"), "1.234.567,50");
  assert.equal(amountWords("1234567.50", "de-DE"), "1.234.567,50");
  assert.equal(amountWords("1234567.50", "fr-BE"), "1\u202f234\u202f567,50");
  assert.equal(amountWords("1234567.50", "en-GB"), "1,234,567.50");
  assert.equal(currencyName("EUR", "nl"), "Euro");
});

test("an account number is read in groups of four", () => {
  assert.equal(ibanWords("BE71096123456769"), "BE71 0961 2345 6769");
  assert.equal(ibanWords("NO93 8601 1117 947"), "NO93 8601 1117 947");
});

test("b, i, u and br are markup, everything else is text as it is written", () => {
  assert.deepEqual(markupRuns("a<b>b<I>c</i></b><br/>d"), [
    { text: "a", styles: [] },
    { text: "b", styles: ["b"] },
    { text: "c", styles: ["b", "i"] },
    "br",
    { text: "d", styles: [] },
  ]);
  for (const plain of ["<script>alert(1)</script>", "<b onclick=x>", "<img src=x>", "a &lt;b&gt; < b >", "<b", "<br x>"]) {
    assert.deepEqual(markupRuns(plain), [{ text: plain, styles: [] }], plain);
  }
  assert.deepEqual(markupRuns("</b>a<u>b"), [
    { text: "a", styles: [] },
    { text: "b", styles: ["u"] },
  ]);
  assert.equal(markupRuns(`${"<b>".repeat(2000)}a`).length, 1);
  assert.equal(firstLine("<br> <b>One</b> line<br>and another"), "One line");
});

test("the family of the system is what the browser says, or nothing", () => {
  for (const [platform, userAgent, touchPoints, family] of /** @type {[string | undefined, string, number, string | null][]} */ ([
    ["Android", "Mozilla/5.0 (Linux; Android 15)", 5, "Android"],
    [undefined, "Mozilla/5.0 (Linux; Android 15) Firefox", 5, "Android"],
    [undefined, "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)", 5, "iOS"],
    [undefined, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", 5, "iOS"],
    ["macOS", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", 0, "macOS"],
    ["Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", 10, "Windows"],
    ["Linux", "Mozilla/5.0 (X11; Linux x86_64)", 0, "Linux"],
    [undefined, "Something else", 0, null],
  ])) {
    assert.equal(familyOf({ platform, userAgent, touchPoints }), family, userAgent);
  }
});
