// The two code slots of a phone. What is typed is proven for both, so that neither this storage nor a message tells
// whether the second one is used. Only the scheme knows.

import { codeKey, codeProof, randomBytes } from "./crypto.js";
import { b64u } from "./encoding.js";
import { NoPhone } from "./problems.js";

/** @typedef {import("./store.js").PhoneRecord} PhoneRecord */
/** @typedef {{ id: string, salt: string }} Slot */

/** @returns {Slot} */
export function newSlot() {
  return { id: b64u(randomBytes(16)), salt: b64u(randomBytes(32)) };
}

/**
 * The record with both slots; a phone from before there were slots gets its second.
 * @param {PhoneRecord} record
 * @param {Slot} fresh
 * @returns {PhoneRecord}
 */
export function withSpare(record, fresh) {
  if (record.spare && record.salts[record.spare] !== undefined) return record;
  return { ...record, spare: fresh.id, salts: { ...record.salts, [fresh.id]: fresh.salt } };
}

/**
 * @param {PhoneRecord} record
 * @param {string} code as typed
 * @param {string} jws
 * @returns {Promise<Record<string, string>>} a proof for each slot, by its id
 * @throws {NoPhone} when nothing is activated here
 */
export async function slotProofs({ codeKey: main, spare, salts, phone }, code, jws) {
  const ids = [main, spare].filter((id) => typeof id === "string").sort();
  /** @type {Record<string, string>} */
  const proofs = {};
  for (const id of ids) {
    const salt = salts[id];
    if (salt === undefined) throw new NoPhone();
    const key = await codeKey({ code, salt, phone });
    proofs[id] = await codeProof(key, jws);
    key.fill(0);
  }
  if (main === null || proofs[main] === undefined) throw new NoPhone();
  return proofs;
}

/**
 * Whether a slip of the finger makes one code of the other: one digit, or two neighbours swapped.
 * @param {string} code
 * @param {string} other
 */
export function isNear(code, other) {
  const differing = Array.from(code, (digit, at) => (digit === other[at] ? -1 : at)).filter((at) => at >= 0);
  if (differing.length <= 1) return true;
  const [first = 0, second = 0] = differing;
  const swapped = code[first] === other[second] && code[second] === other[first];
  return differing.length === 2 && second === first + 1 && swapped;
}
