// Check my phone: what is well, what is not, and what to do, before anybody thinks of deleting the app.

import * as health from "../engine/health.js";
import { NoPhone } from "../engine/problems.js";
import { waking } from "../engine/waking.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { button, note } from "../parts/pieces.js";
import { incidentSentence } from "./home.js";
import { numberScreen } from "./identity.js";
import { wakingScreen } from "./waking.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../parts/language.js").MessageId} MessageId */
/** @typedef {import("../parts/icons.js").IconName} IconName */
/** @typedef {import("../engine/health.js").Finding} Finding */
/** @typedef {import("../engine/phone.js").Home} Home */
/** @typedef {{ home: Home | null, error: unknown, reached: boolean }} Known what the first lines found out for the others */

/** @type {[string, IconName, (app: Shell, known: Known) => Promise<Finding | null | { state: "ok" | "warning" | "bad", text: string, advice?: MessageId }>][]} */
const CHECKS = [
  ["connection", "cloud", connection],
  ["incident", "info", incident],
  ["clock", "clock", clock],
  ["key", "key", key],
  ["identity", "user", identity],
  ["sim", "sim", async (_app, known) => (known.home === null ? null : health.sim(known.home.sim))],
  ["push", "bell", async (app, known) => (known.reached ? health.push(await waking(app.phone)) : null)],
  ["version", "tag", version],
  ["storage", "disk", storage],
];

/**
 * @param {Shell} app
 * @returns {View}
 */
export function checkScreen(app) {
  const list = h("ul", { class: "checks", id: "checks" });
  const sum = h("div", { id: "check-summary", role: "status" });
  const further = h("p", { id: "check-help" });
  let round = 0;

  async function run() {
    const mine = (round += 1);
    const lines = CHECKS.map(([name, picture]) => checkLine(app, name, picture));
    fill(sum, h("p", { class: "lead" }, app.t("check.lead")));
    fill(
      list,
      lines.map(({ element }) => element),
    );
    /** @type {Known} */
    const known = { home: null, error: null, reached: false };
    const findings = [];
    for (const [place, [, , check]] of CHECKS.entries()) {
      const finding = await check(app, known).catch((error) => ({ state: /** @type {const} */ ("bad"), text: app.explain(error) }));
      if (mine !== round) return; // somebody asked again meanwhile
      lines[place]?.say(finding);
      findings.push(/** @type {Finding | null} */ (finding));
    }
    const { state, words, values } = health.summary(findings);
    const tone = state === "bad" ? "danger" : state === "warning" ? "info" : "ok";
    fill(sum, note(tone, h("p", { id: "check-sum", "data-state": state }, app.t(words, values))));
    app.announce(app.t(words, values));
    const { help } = await app.phone.configuration();
    const leads = { class: "text-button", href: `${help}?lang=${app.language}`, target: "_blank", rel: "noopener noreferrer" };
    if (help !== undefined) fill(further, h("a", leads, app.t("check.help")));
  }
  void run().catch(() => undefined);
  return {
    name: "check",
    title: app.t("check.title"),
    content: [
      sum,
      list,
      note("warning", h("p", { id: "check-keep" }, app.t("check.keep"))),
      h("p", { class: "hint" }, app.t("check.more")),
      further,
    ],
    actions: [button({ id: "check-again", kind: "quiet", words: app.t("check.again"), press: () => void run().catch(() => undefined) })],
  };
}

/**
 * @param {Shell} app
 * @param {string} name
 * @param {IconName} picture
 */
function checkLine(app, name, picture) {
  const verdict = h("span", { class: "check-verdict" }, h("span", { class: "spinner", "aria-hidden": "true" }));
  const below = h("span", { class: "row-below" }, app.t("check.running"));
  const words = h("span", { class: "row-words" }, h("span", { class: "row-main" }, app.t(/** @type {MessageId} */ (`check.${name}`))), below);
  const element = h(
    "li",
    { class: "check", "data-check": name, "data-state": "running" },
    h("span", { class: "row-icon" }, icon(picture)),
    words,
    verdict,
  );
  return {
    element,
    /** @param {Finding | null | { state: "ok" | "warning" | "bad", text: string, advice?: MessageId }} finding */
    say: (finding) => {
      if (finding === null) {
        element.hidden = true;
        return;
      }
      const { state, advice } = finding;
      element.setAttribute("data-state", state);
      below.textContent = "text" in finding ? finding.text : app.t(finding.words, finding.values);
      if (advice !== undefined) words.append(h("span", { class: "check-advice" }, app.t(advice)));
      if ("help" in finding && finding.help !== undefined) words.append(way(app, finding.help));
      fill(
        verdict,
        icon(state === "ok" ? "check" : state === "warning" ? "info" : "alert"),
        h("span", { class: "unseen" }, app.t(`check.state_${state}`)),
      );
    },
  };
}

/**
 * The screen that helps.
 * @param {Shell} app
 * @param {"number" | "waking" | "again"} help
 */
function way(app, help) {
  const ways = {
    number: /** @type {const} */ (["home.sim_unproven.go", () => app.open(numberScreen, { number: "" })]),
    waking: /** @type {const} */ (["waking.title", () => app.open(wakingScreen, undefined)]),
    again: /** @type {const} */ (["home.activate_again", () => void app.ways.startAgain()]),
  };
  const [words, press] = ways[help];
  return h("button", { type: "button", class: "text-button", "data-help": help, onclick: press }, app.t(words));
}

/** @param {Shell} app @param {Known} known */
async function connection(app, known) {
  const begun = performance.now();
  const error = await app.phone.configuration({ fresh: true }).then(
    () => null,
    (/** @type {unknown} */ failed) => failed ?? new Error(),
  );
  known.reached = error === null;
  return health.connection({ error, online: navigator.onLine, milliseconds: performance.now() - begun });
}

/** @param {Shell} app @param {Known} known */
async function incident(app, known) {
  if (!known.reached) return null;
  const { incident: told } = await app.phone.configuration();
  if (told === null || told === undefined) return { state: /** @type {const} */ ("ok"), text: app.t("check.incident_none") };
  return { state: /** @type {const} */ ("warning"), text: incidentSentence(app, told), advice: /** @type {MessageId} */ ("check.incident_do") };
}

/** @param {Shell} app @param {Known} known */
async function clock(app, known) {
  if (!known.reached) return null;
  const asked = Date.now() / 1000;
  const { time } = await app.phone.configuration({ fresh: true });
  return health.clock({ theirs: time, asked, answered: Date.now() / 1000 });
}

/** @param {Shell} app @param {Known} known */
async function key(app, known) {
  const works = await app.phone.keyWorks();
  if (works && known.reached) {
    await app.phone.home().then(
      (home) => (known.home = home),
      (error) => (known.error = error),
    );
  }
  const none = (await app.phone.record()) === null;
  return health.key({ works, error: none ? new NoPhone() : known.error });
}

/** @param {Shell} app @param {Known} known */
async function identity(app, known) {
  if (known.home === null) return known.error === null ? null : { state: /** @type {const} */ ("bad"), text: app.explain(known.error) };
  const { account, level } = known.home;
  const words = app.words(`account.${account.state}`, "account.unknown");
  if (account.state !== "active") {
    const why = app.words(`account.${account.state}.${account.why ?? "other"}`, "account.unknown");
    return { state: /** @type {const} */ ("bad"), text: `${words}. ${why}` };
  }
  return { state: /** @type {const} */ ("ok"), text: `${words} · ${app.words(`level.${level}`, "level.other")}` };
}

/** @param {Shell} app @param {Known} known */
async function version(app, known) {
  if (!known.reached) return null;
  const { minimum_app_version: minimum } = await app.phone.configuration();
  return health.version({ own: app.phone.version, minimum });
}

async function storage() {
  const kept = (await navigator.storage?.persisted?.()) === true || (await navigator.storage?.persist?.()) === true;
  return health.storage(kept);
}
