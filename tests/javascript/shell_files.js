// The files that the service worker keeps, and the version that follows from their content.
// `node tests/javascript/shell_files.js --write` puts both into sw.js.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const APP = fileURLToPath(new URL("../../src/ipse/mobile/static/app/", import.meta.url));
const WORKER = join(APP, "sw.js");
const LEFT_OUT = /(^sw\.js$|^index\.html$|\.d\.ts$|LICENSE|maskable\.svg$)/;
const LINES = /const VERSION = .*;\nconst FILES = [^;]*;\n/;

/** @returns {string[]} paths below the app's folder */
export function appFiles() {
  return readdirSync(APP, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(APP.length))
    .sort();
}

/** @returns {string} the service worker as it should be */
export function wantedWorker() {
  const files = appFiles().filter((path) => !LEFT_OUT.test(path));
  const hash = createHash("sha256");
  for (const path of ["index.html", ...files])
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(APP, path)));
  const version = hash.digest("base64url").slice(0, 16);
  const list = ["/", ...files.map((path) => `/${path}`)].map((path) => `  ${JSON.stringify(path)},\n`).join("");
  return presentWorker().replace(LINES, `const VERSION = "${version}";\nconst FILES = [\n${list}];\n`);
}

/** @returns {string} */
export function presentWorker() {
  return readFileSync(WORKER, "utf8");
}

if (process.argv.includes("--write")) writeFileSync(WORKER, wantedWorker());
