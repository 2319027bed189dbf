// The proof of an identity ends: telling so calmly, and renewing it through a registrar.

import { beginRenewal, bringRenewal } from "../engine/renewing.js";
import { Problem } from "../engine/problems.js";
import { countryName } from "../parts/attributes.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { LOCALES } from "../parts/language.js";
import { busy, button, complaint, monogram, note, result, row, waiting } from "../parts/pieces.js";
import { onlyScheme } from "./activate.js";
import { cardScreen } from "./card.js";
import { waitingScreen } from "./intake.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").Home} Home */
/** @typedef {import("../engine/phone.js").Registrar} Registrar */

/**
 * One calm notice on the home screen, from 60 days before the end.
 * @param {Shell} app
 * @param {Home} home
 */
export function evidenceNote(app, { evidence, account }) {
  if (!evidence?.renew || evidence.expires_at === null || account.state !== "active") return null;
  const ended = evidence.expires_at * 1000 < Date.now();
  return note(
    ended ? "warning" : "info",
    h(
      "div",
      { class: "stack" },
      h("p", { id: "evidence", "data-ended": String(ended) }, endWords(app, evidence.expires_at, ended)),
      button({ id: "renew", kind: "quiet", words: app.t("renew.go"), press: () => app.open(renewScreen, undefined) }),
    ),
  );
}

/**
 * @param {Shell} app
 * @param {number} seconds
 * @param {boolean} ended
 */
function endWords(app, seconds, ended) {
  return app.t(ended ? "renew.ended" : "renew.ends", { day: dayWords(app, seconds) });
}

/**
 * @param {Shell} app
 * @param {number} seconds
 */
function dayWords(app, seconds) {
  return new Date(seconds * 1000).toLocaleDateString(LOCALES[app.language], { day: "numeric", month: "long", year: "numeric" });
}

/**
 * @param {Shell} app
 * @returns {View}
 */
export function renewScreen(app) {
  const problem = complaint();
  const list = h("ul", { class: "list", id: "renew-list" }, h("li", {}, waiting(app.t("loading"))));

  /** @param {Registrar} registrar */
  async function choose(registrar) {
    const pressed = /** @type {HTMLButtonElement | null} */ (
      list.querySelector(`[data-bank="${CSS.escape(registrar.id)}"]`)
    );
    if (pressed === null) return;
    problem.textContent = "";
    await busy(pressed, async () => {
      const { startUrl, card } = await beginRenewal(app.phone, registrar);
      if (card !== undefined) {
        const bring = async (/** @type {string} */ value) => {
          await broughtBack(app, value).catch((error) => {
            if (!(error instanceof Problem) || error.code === "stale_return") throw error;
            renewalFailed(app, error);
          });
        };
        return app.open(cardScreen, { enrolment: { startUrl, card }, bring });
      }
      app.announce(app.t("bank.leaving", { bank: registrar.name }));
      location.assign(await onlyScheme(app, startUrl));
    }).catch((error) => {
      problem.textContent = app.explain(error);
    });
  }

  app.phone
    .configuration({ fresh: true })
    .then(({ registrars }) =>
      fill(
        list,
        registrars.map((registrar) =>
          row({
            icon: registrar.kind === "eid_card" ? h("span", { class: "monogram monogram-icon" }, icon("card")) : monogram(registrar.name),
            words: registrar.kind === "eid_card" ? app.t("card.name") : registrar.name,
            below: registrar.kind === "eid_card" ? app.t("card.below") : countryName(app, registrar.country),
            data: { bank: registrar.id },
            press: () => choose(registrar),
          }),
        ),
      ),
    )
    .catch((error) => (problem.textContent = app.explain(error)));

  return {
    name: "renew",
    title: app.t("renew.title"),
    content: [h("p", { class: "lead" }, app.t("renew.lead")), problem, list, note("info", app.t("renew.stays"))],
  };
}

/**
 * The browser came back from the registrar.
 * @param {Shell} app
 * @param {{ kind: string, value: string }} start
 */
export async function renewalReturned(app, { kind, value }) {
  app.open(waitingScreen, undefined, "reset");
  try {
    if (kind === "ended") throw new Problem({ code: "enrolment_ended", why: value });
    await broughtBack(app, value);
  } catch (error) {
    renewalFailed(app, error);
  }
}

/**
 * @param {Shell} app
 * @param {string} value
 */
async function broughtBack(app, value) {
  const { evidence, registrar } = await bringRenewal(app.phone, value);
  const day = evidence.expires_at === null ? "" : dayWords(app, evidence.expires_at);
  app.open(renewalDoneScreen, { renewed: true, text: app.t("renew.done_text", { bank: registrar.name, day }) }, "reset");
}

/**
 * @param {Shell} app
 * @param {unknown} error
 */
function renewalFailed(app, error) {
  const why = error instanceof Problem ? (error.why ?? error.code) : "";
  const text = error instanceof Problem ? app.words(`ended.${why}`, "ended.other") : app.explain(error);
  app.open(renewalDoneScreen, { renewed: false, text }, "reset");
}

/**
 * @param {Shell} app
 * @param {{ renewed: boolean, text: string }} parameters
 * @returns {View}
 */
export function renewalDoneScreen(app, { renewed, text }) {
  const title = app.t(renewed ? "renew.done" : "renew.failed");
  return {
    name: "renewal-done",
    title,
    back: false,
    bare: true,
    content: [
      result("renewal-done", renewed ? "ok" : "warning", renewed ? "check" : "alert", title, text),
      ...(renewed ? [] : [note("info", app.t("renew.nothing_changed"))]),
    ],
    actions: [button({ id: "done-continue", words: app.t("done.continue"), press: () => app.ways.home() })],
  };
}
