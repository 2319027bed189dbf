// What a person is asked to confirm: read from the shown bytes, and judged before anything of it is drawn. A phone
// approves nothing that it cannot show in full, so whatever it does not know by name is strange, and what is strange
// can only be refused.

import { asCredential, asPastSigning, asSignature, strangeSigning, UNSEEN } from "./signing_contents.js";

/**
 * @typedef {{ type: "payment", amount: string, currency: string, creditor_name: string, creditor_iban: string, reference: string }} Payment
 * @typedef {{ type: "text", text: string }} FreeText
 * @typedef {{ type: "agreement", title: string, text: string, version: string, sha256: string }} Agreement
 * @typedef {{ type: "device_action", device: string, action: DeviceVerb, location: string, details: string }} DeviceAction
 * @typedef {"unlock" | "lock" | "turn_on" | "turn_off" | "set"} DeviceVerb
 * @typedef {import("./signing_contents.js").Credential} Credential
 * @typedef {import("./signing_contents.js").Signature} Signature
 * @typedef {import("./signing_contents.js").SignatureDocument} SignatureDocument
 * @typedef {Payment | FreeText | Agreement | DeviceAction | Credential | Signature} Content
 */

const KINDS = new Set(["authentication", "identification", "data_sharing", "confirmation", "signing"]);
const VERBS = new Set(["unlock", "lock", "turn_on", "turn_off", "set"]);

/**
 * The members of each type, those that must be there first.
 * @type {Record<string, { needed: string[], other: string[] }>}
 */
const MEMBERS = {
  payment: { needed: ["amount", "currency"], other: ["creditor_name", "creditor_iban", "reference"] },
  text: { needed: ["text"], other: [] },
  agreement: { needed: ["title", "text"], other: ["version", "sha256"] },
  device_action: { needed: ["device", "action"], other: ["location", "details"] },
};

const AMOUNT = /^\d{1,18}(\.\d{1,6})?$/;
const CURRENCY = /^[A-Z]{3}$/;

/**
 * @param {Record<string, unknown>} shown the parsed shown bytes
 * @returns {{ contents: Content[], strange: string | null }} `strange` names what this phone cannot show
 */
export function readContents({ v, type, partner, broker, service, confirms }) {
  if (v !== 1) return { contents: [], strange: "v" };
  if (typeof type !== "string" || !KINDS.has(type)) return { contents: [], strange: "type" };
  if ([broker, ...textsOf(partner), ...textsOf(service)].some(hides)) return { contents: [], strange: "names" };
  if (confirms === undefined) return { contents: [], strange: type === "confirmation" ? "confirms" : null };
  if (!Array.isArray(confirms) || confirms.length === 0) return { contents: [], strange: "confirms" };
  const contents = confirms.map(asContent);
  const known = contents.filter((content) => content !== null);
  return { contents: known, strange: known.length < contents.length ? strangeOf(confirms) : strangeSigning(type, known) };
}

/**
 * @param {unknown} document
 * @returns {Content | null} `null` when this phone could not show all of it
 */
export function asContent(document) {
  if (typeof document !== "object" || document === null) return null;
  const given = /** @type {Record<string, unknown>} */ (document);
  const type = given["type"];
  if (type === "credential") return asCredential(given);
  if (type === "signature") return asSignature(given);
  if (typeof type !== "string" || !Object.hasOwn(MEMBERS, type)) return null;
  const { needed, other } = MEMBERS[type] ?? { needed: [], other: [] };
  /** @type {Record<string, string>} */
  const content = { type };
  for (const name of [...needed, ...other]) {
    const value = Object.hasOwn(given, name) ? given[name] : "";
    if (typeof value !== "string" || UNSEEN.test(value)) return null;
    content[name] = value;
  }
  if (needed.some((name) => content[name]?.trim() === "")) return null;
  if (Object.keys(given).some((name) => !Object.hasOwn(content, name))) return null;
  return holds(content) ? /** @type {Content} */ (/** @type {unknown} */ (content)) : null;
}

/**
 * What was confirmed, as the history tells it.
 * @param {unknown} document
 * @returns {Content | null}
 */
export function asPastContent(document) {
  return asContent(document) ?? asPastSigning(document);
}

/** @param {unknown} value */
function textsOf(value) {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

/** @param {unknown} value */
function hides(value) {
  return typeof value === "string" && UNSEEN.test(value);
}

/** @param {Record<string, string>} content */
function holds({ type, amount, currency, creditor_name: name, creditor_iban: iban, action }) {
  if (type === "device_action") return VERBS.has(action ?? "");
  if (type !== "payment") return true;
  return AMOUNT.test(amount ?? "") && CURRENCY.test(currency ?? "") && (name?.trim() !== "" || iban?.trim() !== "");
}

/** @param {unknown[]} confirms */
function strangeOf(confirms) {
  const found = confirms.find((document) => asContent(document) === null);
  const type = typeof found === "object" && found !== null ? /** @type {any} */ (found).type : null;
  return typeof type === "string" && /^[\w./:-]{1,40}$/.test(type) ? type : "confirms";
}
