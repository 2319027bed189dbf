// Messages of settings that cost the code: the duress code, and sheets that block without this phone.

import { codeKey, randomBytes } from "./crypto.js";
import { b64u } from "./encoding.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {{ sheet: string, holder: "person" | "contact", name: string, made_at: number }} Sheet */
/** @typedef {Sheet & { code: string, page: string, telephone: string }} NewSheet */

/**
 * Sends a message under a fresh challenge, proven with the code.
 * @param {Phone} phone
 * @param {{ type: string, path: string, code: string, noted?: string, members?: (record: import("./store.js").PhoneRecord) => Record<string, unknown> }} message
 */
export async function costing(phone, { type, noted, path, code, members = () => ({}) }) {
  await phone.home();
  const challenge = (await phone.record())?.challenge?.value ?? "";
  return phone.say({
    type,
    ...(noted === undefined ? {} : { noted }),
    path,
    seal: true,
    code,
    members: (record) => ({ challenge, code_key_id: record.codeKey, ...members(record) }),
  });
}

/**
 * Sets, changes or removes the duress code: one message, the same from outside for all three.
 * @param {Phone} phone
 * @param {{ code: string, duress: string | null, told: boolean }} wish
 */
export async function setDuress(phone, { code, duress, told }) {
  const { id, salt, owner } = await phone.secondSlot();
  const key = duress === null ? randomBytes(32) : await codeKey({ code: duress, salt, phone: owner });
  const kind = duress === null ? "spare" : "duress";
  const handed = b64u(key);
  key.fill(0);
  const members = () => ({ slot_code_key_id: id, slot_code_key: handed, kind, told });
  await costing(phone, { type: "set-duress", noted: "change-code", path: "/code", code, members });
}

/**
 * @param {Phone} phone
 * @returns {Promise<{ sheets: Sheet[], contacts: number }>}
 */
export async function panicSheets(phone) {
  const answer = await phone.say({ type: "panic-sheets", path: "/panic-sheets", members: () => ({}) });
  return /** @type {{ sheets: Sheet[], contacts: number }} */ (/** @type {unknown} */ (answer));
}

/**
 * @param {Phone} phone
 * @param {{ code: string, contact: string }} wish `contact` is empty for the person's own
 * @returns {Promise<NewSheet>} its code is answered this once
 */
export async function makePanicSheet(phone, { code, contact }) {
  const members = () => ({ contact });
  const answer = await costing(phone, { type: "make-panic-sheet", path: "/panic-sheets/make", code, members });
  return /** @type {NewSheet} */ (/** @type {unknown} */ (answer));
}

/**
 * @param {Phone} phone
 * @param {{ code: string, sheet: string }} wish
 */
export async function revokePanicSheet(phone, { code, sheet }) {
  await costing(phone, {
    type: "revoke-panic-sheet",
    path: "/panic-sheets/revoke",
    code,
    members: () => ({ sheet }),
  });
}
