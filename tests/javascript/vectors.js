// Reads the test vectors that all languages share.

import { readFileSync } from "node:fs";

/**
 * @param {string} name of a file in tests/vectors
 * @returns {any}
 */
export function vectors(name) {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8"));
}
