// An identity as a whole: moving it to another phone, stopping that, a new number, deleting it, and what was told.

import { costing } from "./costing.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {{ state: "shown" | "seen" | "confirmed" | "done" | "ended", why?: string, expires_at: number, name?: string }} Pairing */
/** @typedef {{ pairing: string, about: { os?: string }, same_network: boolean, expires_at: number }} Met */
/** @typedef {{ enrolment: string, registrar: string, since: number, until: number }} Elsewhere */
/** @typedef {{ kind: string, at: number, sent: { channel: string, place: string, state: string, at: number }[] }} Notice */

/** The letters of a code that a new phone shows: none looks like another. */
const TYPED = /^[0-9A-HJKMNP-TV-Z]{12}$/;

/**
 * @param {string} typed
 * @returns {string | null} the code in groups of four, or null when it cannot be one
 */
export function readPairingCode(typed) {
  const letters = typed.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  return TYPED.test(letters) ? (letters.match(/.{4}/g) ?? []).join("-") : null;
}

/**
 * The new phone: how far the move is. Once it is confirmed the record knows what no code may be made of.
 * @param {Phone} phone
 * @returns {Promise<Pairing>}
 */
export async function pairingState(phone) {
  const members = (/** @type {import("./store.js").PhoneRecord} */ record) => ({ pairing: record.enrolment?.id ?? "" });
  const answer = await phone.say({ type: "pairing", path: "/pairings/state", members });
  return /** @type {Pairing} */ (/** @type {unknown} */ (answer));
}

/**
 * The old phone: what a code that was scanned or typed belongs to.
 * @param {Phone} phone
 * @param {string} code
 * @returns {Promise<Met>}
 */
export async function meet(phone, code) {
  const answer = await phone.say({ type: "meet", path: "/pairings/meeting", members: () => ({ code }) });
  return /** @type {Met} */ (/** @type {unknown} */ (answer));
}

/**
 * The old phone says no.
 * @param {Phone} phone
 * @param {string} pairing
 */
export async function part(phone, pairing) {
  await phone.say({ type: "part", path: "/pairings/parting", members: () => ({ pairing }) });
}

/**
 * The old phone says yes, with its code.
 * @param {Phone} phone
 * @param {{ pairing: string, code: string }} wish
 */
export async function handOver(phone, { pairing, code }) {
  await costing(phone, { type: "hand-over", path: "/hand-over", code, members: () => ({ pairing }) });
}

/**
 * @param {Phone} phone
 * @param {string} enrolment
 */
export async function stopElsewhere(phone, enrolment) {
  await phone.say({ type: "object", path: "/objections", members: () => ({ enrolment }) });
}

/**
 * @param {Phone} phone
 * @returns {Promise<Notice[]>} newest first
 */
export async function notices(phone) {
  const answer = await phone.say({ type: "notices", path: "/notices", members: () => ({}) });
  return /** @type {Notice[]} */ (answer["notices"]);
}

/**
 * @param {Phone} phone
 * @param {string} code
 */
export async function deleteIdentity(phone, code) {
  await costing(phone, { type: "delete-identity", path: "/deletion", code });
}

/**
 * Begins to change the number.
 * @param {Phone} phone
 * @param {{ code: string, number: string }} wish
 * @returns {Promise<string>} the address on which the browser proves it
 */
export async function changeNumber(phone, { code, number }) {
  const members = () => (number === "" ? {} : { phone_number: number });
  return String((await costing(phone, { type: "change-number", path: "/number", code, members }))["start_url"]);
}

/**
 * Presents what the browser brought.
 * @param {Phone} phone
 * @param {string} value
 */
export async function bringNumber(phone, value) {
  const members = (/** @type {import("./store.js").PhoneRecord} */ record) => ({ enrolment: record.change ?? "", value });
  await phone.say({ type: "number-return", path: "/number/return", members });
}
