// Check my phone: is everything here that an approval needs?

import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { button } from "../parts/pieces.js";
import { incidentSentence } from "./home.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../parts/language.js").MessageId} MessageId */
/** @typedef {import("../parts/icons.js").IconName} IconName */
/** @typedef {{ state: "ok" | "warning" | "bad", words: string }} Finding */

/**
 * @param {Shell} app
 * @returns {View}
 */
export function checkScreen(app) {
  /** @type {[string, IconName, MessageId, () => Promise<Finding>][]} */
  const checks = [
    ["connection", "cloud", "check.connection", () => connection(app)],
    ["key", "key", "check.key", () => key(app)],
    ["identity", "user", "check.identity", () => identity(app)],
    ["version", "tag", "check.version", () => version(app)],
    ["storage", "disk", "check.storage", () => storage(app)],
    ["incident", "info", "check.incident", () => incident(app)],
  ];
  const list = h("ul", { class: "checks", id: "checks" });

  async function run() {
    const lines = checks.map(([name, picture, words]) => ({ name, line: checkLine(app, name, picture, app.t(words)) }));
    fill(
      list,
      lines.map(({ line }) => line.element),
    );
    for (const [name, , , check] of checks) {
      const finding = await check().catch((error) => ({
        state: /** @type {const} */ ("bad"),
        words: app.explain(error),
      }));
      lines.find((other) => other.name === name)?.line.say(finding);
    }
    app.announce(app.t("check.finished"));
  }
  void run();
  return {
    name: "check",
    title: app.t("check.title"),
    content: [h("p", { class: "lead" }, app.t("check.lead")), list],
    actions: [button({ id: "check-again", kind: "quiet", words: app.t("check.again"), press: () => void run() })],
  };
}

/**
 * @param {Shell} app
 * @param {string} name
 * @param {IconName} picture
 * @param {string} words
 */
function checkLine(app, name, picture, words) {
  const verdict = h("span", { class: "check-verdict" }, h("span", { class: "spinner", "aria-hidden": "true" }));
  const below = h("span", { class: "row-below" }, app.t("check.running"));
  const element = h(
    "li",
    { class: "check", "data-check": name, "data-state": "running" },
    h("span", { class: "row-icon" }, icon(picture)),
    h("span", { class: "row-words" }, h("span", { class: "row-main" }, words), below),
    verdict,
  );
  return {
    element,
    /** @param {Finding} finding */
    say: ({ state, words: found }) => {
      element.setAttribute("data-state", state);
      below.textContent = found;
      fill(
        verdict,
        icon(state === "ok" ? "check" : state === "warning" ? "info" : "alert"),
        h("span", { class: "unseen" }, app.t(`check.state_${state}`)),
      );
    },
  };
}

/** @param {Shell} app @returns {Promise<Finding>} */
async function connection(app) {
  const begun = performance.now();
  await app.phone.configuration({ fresh: true });
  const time = Math.max(1, Math.round(performance.now() - begun));
  return { state: "ok", words: app.t("check.connection_ok", { time }) };
}

/** @param {Shell} app @returns {Promise<Finding>} */
async function key(app) {
  const works = await app.phone.keyWorks();
  return works ? { state: "ok", words: app.t("check.key_ok") } : { state: "bad", words: app.t("check.key_bad") };
}

/** @param {Shell} app @returns {Promise<Finding>} */
async function identity(app) {
  const { account, level } = await app.phone.home();
  const words = app.words(`account.${account.state}`, "account.unknown");
  if (account.state !== "active") return { state: "bad", words };
  return { state: "ok", words: `${words} · ${app.words(`level.${level}`, "level.other")}` };
}

/** @param {Shell} app @returns {Promise<Finding>} */
async function version(app) {
  const { minimum_app_version: minimum } = await app.phone.configuration();
  const own = app.phone.version;
  const enough = own.localeCompare(minimum, "en", { numeric: true }) >= 0;
  return {
    state: enough ? "ok" : "bad",
    words: app.t(enough ? "check.version_ok" : "check.version_old", { own, minimum }),
  };
}

/** @param {Shell} app @returns {Promise<Finding>} */
async function storage(app) {
  const kept = (await navigator.storage?.persisted?.()) === true || (await navigator.storage?.persist?.()) === true;
  return { state: kept ? "ok" : "warning", words: app.t(kept ? "check.storage_ok" : "check.storage_may_go") };
}

/** @param {Shell} app @returns {Promise<Finding>} */
async function incident(app) {
  const { incident: known } = await app.phone.configuration();
  return known === null || known === undefined
    ? { state: "ok", words: app.t("check.incident_none") }
    : { state: "warning", words: incidentSentence(app, known) };
}
