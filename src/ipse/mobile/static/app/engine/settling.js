// What an answer changes in the phone's record. Pure functions, so that an answer found after a restart has the same
// effect as one that came at once.

import { withSigner } from "./signing.js";

/** @typedef {import("./store.js").PhoneRecord} PhoneRecord */
/** @typedef {import("./store.js").Account} Account */
/** @typedef {import("./store.js").Pending} Pending */
/** @typedef {Record<string, unknown>} Answer */

const STOPPED = new Set(["unknown_phone", "phone_stopped", "phone_copied"]);

/**
 * @param {unknown} value
 * @returns {string}
 */
function asText(value) {
  return typeof value === "string" ? value : "";
}

/**
 * @param {unknown} value
 * @returns {Account | null}
 */
function asAccount(value) {
  if (typeof value !== "object" || value === null) return null;
  const { state, why } = /** @type {Record<string, unknown>} */ (value);
  return { state: /** @type {Account["state"]} */ (state), why: typeof why === "string" ? why : null };
}

/**
 * Where to go with a card and a reader at another computer, and the code to type there.
 * @param {unknown} value
 * @returns {{ card?: { address: string, code: string } }}
 */
export function asCard(value) {
  if (typeof value !== "object" || value === null) return {};
  const { address, code } = /** @type {Record<string, unknown>} */ (value);
  return { card: { address: asText(address), code: asText(code) } };
}

/**
 * Each answer by the type of its message; types that change nothing but chain and challenge are absent.
 * @type {Record<string, (record: PhoneRecord, pending: Pending, answer: Answer) => Partial<PhoneRecord>>}
 */
const EFFECTS = {
  enrol: (_record, { kept }, answer) => ({
    phone: asText(answer["phone"]),
    stage: "enrolling",
    enrolment: {
      id: asText(answer["enrolment"]),
      startUrl: asText(answer["start_url"]),
      expiresAt: Number(answer["expires_at"]),
      registrar: kept["registrar"] ?? "",
      registrarName: kept["registrarName"] ?? "",
      received: [],
      numberVerified: false,
      ...asCard(answer["card"]),
    },
  }),
  "enrolment-return": (record, _pending, answer) => {
    if (record.enrolment === null) return {};
    const received = Array.isArray(answer["received"]) ? answer["received"] : [];
    const birthdate = received.find(({ name }) => name === "birthdate")?.value;
    const phoneNumber = asText(answer["phone_number"]) || record.phoneNumber;
    return {
      stage: "received",
      phoneNumber,
      codeContext: { phone_number: phoneNumber, ...(typeof birthdate === "string" ? { birthdate } : {}) },
      enrolment: { ...record.enrolment, received, numberVerified: answer["number_verified"] === true },
    };
  },
  pair: (_record, _pending, answer) => ({
    phone: asText(answer["phone"]),
    stage: "pairing",
    enrolment: {
      id: asText(answer["pairing"]),
      code: asText(answer["code"]),
      startUrl: "",
      expiresAt: Number(answer["expires_at"]),
      registrar: "",
      registrarName: "",
      received: [],
      numberVerified: false,
    },
  }),
  pairing: (record, _pending, answer) => {
    if (answer["state"] !== "confirmed") return {};
    const phoneNumber = asText(answer["phone_number"]);
    const birthdate = asText(answer["birthdate"]);
    return {
      name: asText(answer["name"]),
      phoneNumber,
      codeContext: { phone_number: phoneNumber, ...(birthdate === "" ? {} : { birthdate }) },
      enrolment: record.enrolment,
    };
  },
  "take-over": (record, { kept }, answer) => ({
    stage: "living",
    enrolment: null,
    codeKey: kept["codeKey"] ?? null,
    salts: onlySalt(record, kept["codeKey"]),
    account: asAccount(answer["account"]),
  }),
  "change-number": (_record, _pending, answer) => ({ change: asText(answer["enrolment"]), renewal: "" }),
  renew: (_record, _pending, answer) => ({ renewal: asText(answer["enrolment"]), change: "" }),
  "renewal-return": () => ({ renewal: "" }),
  "number-return": (record, _pending, answer) => ({
    change: "",
    phoneNumber: asText(answer["phone_number"]) || record.phoneNumber,
    codeContext: { ...record.codeContext, phone_number: asText(answer["phone_number"]) },
  }),
  fallbacks: (_record, _pending, { fallbacks }) =>
    Array.isArray(fallbacks) && fallbacks.length > 0 ? { otherWays: true } : {},
  "add-fallback": () => ({ otherWays: true }),
  "delete-identity": () => ({ stage: "stopped", stopped: "deleted", account: null }),
  activate: (record, { kept }, answer) => ({
    stage: "living",
    enrolment: null,
    codeKey: kept["codeKey"] ?? null,
    salts: onlySalt(record, kept["codeKey"]),
    account: asAccount(answer["account"]),
  }),
  home: (_record, _pending, answer) => ({ account: asAccount(answer["account"]), name: asText(answer["name"]) }),
  // The proofs of signing certificates came from the old code: those certificates are over.
  "change-code": (record, { kept }) =>
    kept["codeKey"] === undefined
      ? {}
      : { codeKey: kept["codeKey"], salts: onlySalt(record, kept["codeKey"]), signers: [] },
  approval: (record, { kept }, answer) =>
    answer["outcome"] === "approved" ? { signers: withSigner(record.signers ?? [], kept["signer"]) } : {},
  block: (_record, _pending, answer) => ({ account: asAccount(answer["account"]) }),
  fingerprints: (_record, _pending, answer) => ({ fingers: credentialsOf(answer["fingerprints"]) }),
  "add-fingerprint": (record, { kept }) => ({ fingers: [...(record.fingers ?? []), kept["credential"] ?? ""] }),
  "remove-fingerprint": (record, { kept }) => ({
    fingers: (record.fingers ?? []).filter((known) => known !== kept["credential"]),
  }),
  push: (_record, { kept }) => ({ waking: kept["endpoint"] ?? "" }),
  unpush: () => ({ waking: "" }),
  remove: () => ({ stage: "stopped", stopped: "removed", account: null }),
};

/** @param {unknown} listed */
function credentialsOf(listed) {
  return Array.isArray(listed) ? listed.map((one) => asText(one?.credential)).filter((id) => id !== "") : [];
}

/**
 * @param {PhoneRecord} record
 * @param {string | undefined} id of the code key that is now the current one; the second slot stays
 */
function onlySalt(record, id) {
  const salt = id === undefined ? undefined : record.salts[id];
  if (id === undefined || salt === undefined) return record.salts;
  const other = record.spare ? record.salts[record.spare] : undefined;
  return { [id]: salt, ...(record.spare && other !== undefined ? { [record.spare]: other } : {}) };
}

/**
 * The record after an answer to its pending message.
 * @param {PhoneRecord} record
 * @param {Pending} pending
 * @param {Answer} answer
 * @returns {PhoneRecord}
 */
export function settled(record, pending, answer) {
  const changes = EFFECTS[pending.type]?.(record, pending, answer) ?? {};
  return { ...withFreshValues(record, pending, answer), ...changes, pending: null };
}

/**
 * The record after an error that answered its pending message.
 * @param {PhoneRecord} record
 * @param {Pending} pending
 * @param {Answer & { code: string }} problem
 * @returns {PhoneRecord}
 */
export function refused(record, pending, problem) {
  const after = { ...withFreshValues(record, pending, problem), pending: null };
  const why = typeof problem["why"] === "string" ? problem["why"] : null;
  if (STOPPED.has(problem.code)) return { ...after, stage: "stopped", stopped: why ?? problem.code };
  if (problem.code === "account_blocked") return { ...after, account: { state: "blocked", why } };
  if (problem.code === "account_pending") return { ...after, account: { state: "pending", why } };
  if (problem.code === "enrolment_ended" && pending.type === "number-return") return { ...after, change: "" };
  if (problem.code === "enrolment_ended" && pending.type === "renewal-return") return { ...after, renewal: "" };
  if (problem.code === "enrolment_ended") return { ...after, stage: "new", enrolment: null };
  return after;
}

/**
 * @param {PhoneRecord} record
 * @param {Pending} pending
 * @param {Answer} answer
 * @returns {PhoneRecord}
 */
function withFreshValues(record, pending, answer) {
  const chain = typeof answer["chain"] === "string" ? answer["chain"] : record.chain;
  const action = typeof answer["action"] === "string" ? answer["action"] : (pending.kept["action"] ?? null);
  const challenge = typeof answer["challenge"] === "string" ? { value: answer["challenge"], action } : record.challenge;
  return { ...record, chain, challenge };
}
