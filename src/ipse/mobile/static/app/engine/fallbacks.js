// What a person prepares for a day without this phone: codes on paper, an app for one-time codes, a passkey elsewhere.

import { costing } from "./costing.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {"sheet" | "totp" | "passkey"} Way */
/** @typedef {{ setup: string, method: Way, name?: string, created_at: number, used_at: number | null, left?: number }} Prepared */
/**
 * What is told this once: `codes` of a sheet, `secret` and `uri` for an app, `url` where a browser makes a passkey.
 * @typedef {{ setup: string, method: Way, name?: string, codes?: string[], secret?: string, uri?: string, url?: string, expires_at?: number }} Told
 */

/** @type {readonly Way[]} */
export const WAYS = ["sheet", "totp", "passkey"];

/**
 * @param {Phone} phone
 * @returns {Promise<Prepared[]>}
 */
export async function preparedWays(phone) {
  const answer = await phone.say({ type: "fallbacks", path: "/fallbacks", members: () => ({}) });
  return /** @type {Prepared[]} */ (answer["fallbacks"]);
}

/**
 * @param {Phone} phone
 * @param {{ code: string, method: Way }} wish
 * @returns {Promise<Told>}
 */
export async function prepareWay(phone, { code, method }) {
  const members = () => ({ method });
  const answer = await costing(phone, { type: "add-fallback", path: "/fallbacks/add", code, members });
  return /** @type {Told} */ (/** @type {unknown} */ (answer));
}

/**
 * @param {Phone} phone
 * @param {{ code: string, setup: string }} wish
 */
export async function removeWay(phone, { code, setup }) {
  const members = () => ({ setup });
  await costing(phone, { type: "remove-fallback", path: "/fallbacks/remove", code, members });
}
