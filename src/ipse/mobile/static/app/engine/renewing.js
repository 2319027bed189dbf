// New evidence for the identity of this phone: a visit to a registrar, with the phone in hand (protocol §5 `renew`).

import { asCard } from "./settling.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./answers.js").Registrar} Registrar */
/** @typedef {{ registrar: { id: string, name: string }, evidence: { expires_at: number | null, renew: boolean } }} Renewed */

/**
 * @param {Phone} phone
 * @param {Registrar} registrar
 * @returns {Promise<{ startUrl: string, card?: { address: string, code: string } }>} where the browser begins, here or at another computer
 */
export async function beginRenewal(phone, registrar) {
  const answer = await phone.say({ type: "renew", path: "/renewals", members: () => ({ registrar: registrar.id }) });
  return { startUrl: String(answer["start_url"]), ...asCard(answer["card"]) };
}

/**
 * Presents what the browser brought.
 * @param {Phone} phone
 * @param {string} value
 * @returns {Promise<Renewed>}
 */
export async function bringRenewal(phone, value) {
  const members = (/** @type {import("./store.js").PhoneRecord} */ record) => ({ enrolment: record.renewal ?? "", value });
  const answer = await phone.say({ type: "renewal-return", path: "/renewals/return", members });
  return /** @type {Renewed} */ (/** @type {unknown} */ (answer));
}
