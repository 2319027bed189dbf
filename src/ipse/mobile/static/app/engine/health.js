// What is well with this phone and what is not: plain judgements of what was found out, without a screen.

import { NoAnswer, NoPhone, Problem } from "./problems.js";

/**
 * @typedef {"ok" | "warning" | "bad"} State
 * @typedef {import("../parts/language.js").MessageId} MessageId
 * @typedef {import("./phone.js").Home} Home
 * @typedef {import("./waking.js").Waking} Waking
 */

/**
 * What was found, in words; what to do about it, where there is something; and which screen helps.
 * @typedef {{ state: State, words: MessageId, values?: Record<string, string | number>, advice?: MessageId, help?: "number" | "waking" | "again" }} Finding
 */

const MINUTE = 60;

/** A countdown that is wrong by more than this confuses; so does the order of things that happened. */
export const CLOCK_MOST = MINUTE;

/**
 * @param {{ error: unknown, online: boolean, milliseconds: number }} call one to the scheme
 * @returns {Finding}
 */
export function connection({ error, online, milliseconds }) {
  if (error === null) return { state: "ok", words: "check.connection_ok", values: { time: Math.max(1, Math.round(milliseconds)) } };
  if (!online) return { state: "bad", words: "check.connection_offline", advice: "check.connection_offline_do" };
  return { state: "bad", words: "check.connection_none", advice: "check.connection_none_do" };
}

/**
 * The time of the scheme lies between the moments at which it was asked and answered.
 * @param {{ theirs: number | undefined, asked: number, answered: number }} seconds
 * @returns {Finding | null} null: it did not say
 */
export function clock({ theirs, asked, answered }) {
  if (theirs === undefined) return null;
  // Theirs are whole seconds.
  const off = theirs + 1 < asked ? theirs + 1 - asked : theirs > answered ? theirs - answered : 0;
  if (Math.abs(off) <= CLOCK_MOST) return { state: "ok", words: "check.clock_ok" };
  const minutes = Math.round(Math.abs(off) / MINUTE);
  return { state: "warning", words: off < 0 ? "check.clock_ahead" : "check.clock_behind", values: { minutes }, advice: "check.clock_do" };
}

/**
 * A key that is there and signs, and a scheme that knows it: a signed message went there and its answer came back.
 * @param {{ works: boolean, error: unknown }} tried
 * @returns {Finding}
 */
export function key({ works, error }) {
  if (error instanceof NoPhone) return { state: "bad", words: "check.key_none", advice: "check.key_none_do", help: "again" };
  if (!works) return { state: "bad", words: "check.key_bad", advice: "check.key_bad_do", help: "again" };
  if (error instanceof Problem && ["unknown_phone", "phone_copied", "wrong_signature"].includes(error.code)) {
    return { state: "bad", words: "check.key_unknown", advice: "check.key_bad_do", help: "again" };
  }
  if (error instanceof NoAnswer) return { state: "warning", words: "check.key_unanswered", advice: "check.key_unanswered_do" };
  return { state: "ok", words: "check.key_ok" };
}

/**
 * @param {Home["sim"]} sim
 * @returns {Finding | null} null: nobody answers for a SIM here
 */
export function sim(sim) {
  if (sim === undefined) return null;
  if (sim.number_proven === false) return { state: "warning", words: "check.sim_unproven", advice: "check.sim_unproven_do", help: "number" };
  if (sim.state === "reduced") return { state: "warning", words: "check.sim_reduced", advice: "check.sim_reduced_do" };
  return { state: "ok", words: "check.sim_ok" };
}

/**
 * @param {Waking} state
 * @returns {Finding}
 */
export function push(state) {
  if (state === "on") return { state: "ok", words: "check.push_on" };
  if (state === "denied") return { state: "warning", words: "check.push_denied", advice: "check.push_denied_do" };
  if (state === "off") return { state: "warning", words: "check.push_off", advice: "check.push_off_do", help: "waking" };
  return { state: "warning", words: "check.push_none", advice: "check.push_off_do" };
}

/**
 * @param {{ own: string, minimum: string }} versions
 * @returns {Finding}
 */
export function version({ own, minimum }) {
  const enough = own.localeCompare(minimum, "en", { numeric: true }) >= 0;
  const values = { own, minimum };
  if (enough) return { state: "ok", words: "check.version_ok", values };
  return { state: "bad", words: "check.version_old", values, advice: "check.version_old_do" };
}

/**
 * @param {boolean} kept whether the browser promised to keep what is stored
 * @returns {Finding}
 */
export function storage(kept) {
  return kept
    ? { state: "ok", words: "check.storage_ok" }
    : { state: "warning", words: "check.storage_may_go", advice: "check.storage_may_go_do" };
}

/**
 * What all findings come to.
 * @param {(Finding | null)[]} findings
 * @returns {{ state: State, words: MessageId, values: Record<string, number> }}
 */
export function summary(findings) {
  const bad = findings.filter((each) => each?.state === "bad").length;
  if (bad > 0) return { state: "bad", words: bad === 1 ? "check.sum_bad_one" : "check.sum_bad", values: { count: bad } };
  const some = findings.some((each) => each?.state === "warning");
  return { state: some ? "warning" : "ok", words: some ? "check.sum_warning" : "check.sum_ok", values: {} };
}
