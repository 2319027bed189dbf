// The files of the app: the service worker keeps all of them, and what was taken from elsewhere is unchanged.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { APP, appFiles, presentWorker, wantedWorker } from "./shell_files.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("the service worker keeps every file under a version of their content", () => {
  assert.equal(presentWorker(), wantedWorker(), "run: node tests/javascript/shell_files.js --write");
});

const KEPT = {
  "vendor/qr/index.js": "node_modules/qr/index.js",
  "vendor/qr/index.d.ts": "node_modules/qr/index.d.ts",
  "vendor/qr/decode.js": "node_modules/qr/decode.js",
  "vendor/qr/decode.d.ts": "node_modules/qr/decode.d.ts",
  "vendor/qr/LICENSE": "node_modules/qr/LICENSE",
  "vendor/qr/LICENSE-MIT": "node_modules/qr/LICENSE-MIT",
  "css/tokens.css": "src/ipse/web/static/tokens.css",
  "css/fonts.css": "src/ipse/web/static/fonts.css",
  "css/fonts/LICENSE.txt": "src/ipse/web/static/fonts/LICENSE.txt",
  "css/fonts/atkinson-hyperlegible-next-latin.woff2":
    "src/ipse/web/static/fonts/atkinson-hyperlegible-next-latin.woff2",
  "css/fonts/atkinson-hyperlegible-next-latin-ext.woff2":
    "src/ipse/web/static/fonts/atkinson-hyperlegible-next-latin-ext.woff2",
};

for (const [kept, original] of Object.entries(KEPT)) {
  test(`${kept} is the same as ${original}`, () => {
    assert.ok(readFileSync(join(APP, kept)).equals(readFileSync(join(ROOT, original))));
  });
}

test("no page or script breaks the policy: nothing inline, nothing from elsewhere, no markup from text", () => {
  const html = readFileSync(join(APP, "index.html"), "utf8");
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style/);
  assert.doesNotMatch(html, /(src|href)="(?!\/)/);
  for (const path of appFiles().filter((name) => name.endsWith(".js") && !name.startsWith("vendor/"))) {
    const source = readFileSync(join(APP, path), "utf8");
    assert.doesNotMatch(
      source,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|sessionStorage/,
      path,
    );
  }
});

test("the manifest makes the app installable and names files that exist", () => {
  const manifest = JSON.parse(readFileSync(join(APP, "manifest.webmanifest"), "utf8"));
  assert.equal(manifest.display, "standalone");
  const sizes = manifest.icons.map((/** @type {{ sizes: string }} */ { sizes }) => sizes);
  assert.ok(sizes.includes("192x192") && sizes.includes("512x512"));
  for (const { src } of manifest.icons) assert.ok(appFiles().includes(src.slice(1)), src);
});
