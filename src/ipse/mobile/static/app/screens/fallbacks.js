// For a day without this phone: what is prepared, preparing more, and the invitation on the home screen.

import { prepareWay, preparedWays, removeWay, WAYS } from "../engine/fallbacks.js";
import { momentWords } from "../parts/attributes.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { button, complaint, note, row, waiting } from "../parts/pieces.js";
import { qr } from "./moving.js";
import { costingScreen } from "./sheets.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/fallbacks.js").Way} Way */
/** @typedef {import("../engine/fallbacks.js").Prepared} Prepared */
/** @typedef {import("../engine/fallbacks.js").Told} Told */

/** @type {Record<Way, Parameters<typeof icon>[0]>} */
const ICONS = { sheet: "paste", totp: "phone", passkey: "key" };

/**
 * @param {Shell} app
 * @returns {View}
 */
export function fallbacksScreen(app) {
  const problem = complaint();
  const list = h("div", { id: "fallbacks" }, waiting(app.t("loading")));
  preparedWays(app.phone)
    .then((prepared) =>
      fill(
        list,
        prepared.length === 0
          ? h("p", { class: "empty", id: "no-fallbacks" }, app.t("fallbacks.none"))
          : h("ul", { class: "list" }, prepared.map((each) => line(app, each))),
      ),
    )
    .catch((error) => {
      fill(list);
      problem.textContent = app.explain(error);
    });
  return {
    name: "fallbacks",
    title: app.t("fallbacks.title"),
    content: [
      h("p", { class: "lead" }, app.t("fallbacks.lead")),
      h("p", { class: "hint" }, app.t("fallbacks.always")),
      problem,
      list,
      h("h2", {}, app.t("fallbacks.add")),
      h("ul", { class: "list" }, WAYS.map((method) => offer(app, method))),
    ],
  };
}

/**
 * @param {Shell} app
 * @param {Prepared} prepared
 */
function line(app, prepared) {
  const { setup, method, left, created_at: made, used_at: used } = prepared;
  const moment = momentWords(app, (used ?? made) * 1000);
  const when = app.t(used === null ? "fallbacks.made" : "fallbacks.used", { moment });
  return row({
    icon: icon(ICONS[method]),
    words: app.t(`fallbacks.${method}`),
    below: left === undefined ? when : `${app.t("fallbacks.left", { number: String(left) })} · ${when}`,
    press: () => app.open(preparedScreen, { prepared }),
    data: { setup, method },
  });
}

/**
 * @param {Shell} app
 * @param {Way} method
 */
function offer(app, method) {
  return row({
    id: `add-${method}`,
    icon: icon(ICONS[method]),
    words: app.t(`fallbacks.add_${method}`),
    below: app.t(`fallbacks.add_${method}_more`),
    press: () => app.open(addScreen, { method }),
  });
}

/**
 * @param {Shell} app
 * @param {{ method: Way }} parameters
 * @returns {View}
 */
function addScreen(app, { method }) {
  return costingScreen(app, `add-${method}`, app.t(`fallbacks.add_${method}_lead`), async (code) => {
    const told = await prepareWay(app.phone, { code, method });
    app.open(toldScreen, { told }, "replace");
  });
}

/**
 * One that is prepared, and how to take it away.
 * @param {Shell} app
 * @param {{ prepared: Prepared }} parameters
 * @returns {View}
 */
function preparedScreen(app, { prepared }) {
  const { method, name, left } = prepared;
  return {
    name: "fallback",
    title: app.t(`fallbacks.${method}`),
    content: [
      h("p", { class: "lead" }, app.t(`fallbacks.${method}_use`)),
      name === undefined ? null : named(app, name),
      left === undefined ? null : h("p", {}, app.t("fallbacks.left", { number: String(left) })),
    ],
    actions: [
      button({
        id: "fallback-remove",
        kind: "danger",
        icon: "trash",
        words: app.t("fallbacks.remove"),
        press: () => app.open(removeScreen, { prepared }),
      }),
    ],
  };
}

/**
 * @param {Shell} app
 * @param {{ prepared: Prepared }} parameters
 * @returns {View}
 */
function removeScreen(app, { prepared }) {
  return costingScreen(app, "fallback-remove", app.t("fallbacks.remove_lead"), async (code) => {
    await removeWay(app.phone, { code, setup: prepared.setup });
    app.announce(app.t("fallbacks.removed"));
    app.back();
    app.back();
  });
}

/**
 * What is told this once.
 * @param {Shell} app
 * @param {{ told: Told }} parameters
 * @returns {View}
 */
function toldScreen(app, { told }) {
  const print = button({ id: "fallback-print", words: app.t("sheets.print"), press: () => window.print() });
  const done = button({
    id: "fallback-done",
    kind: told.method === "sheet" ? "quiet" : "main",
    words: app.t(told.method === "passkey" ? "fallbacks.passkey_done" : "sheets.done"),
    press: () => app.ways.settings(),
  });
  const content = { sheet: sheetContent, totp: appContent, passkey: passkeyContent }[told.method];
  return {
    name: `told-${told.method}`,
    title: app.t(`fallbacks.${told.method}`),
    back: false,
    content: content(app, told),
    actions: told.method === "sheet" ? [print, done] : [done],
  };
}

/**
 * @param {Shell} app
 * @param {Told} told
 */
function sheetContent(app, { name = "", codes = [] }) {
  return [
    h("p", { class: "lead" }, app.t("fallbacks.sheet_use")),
    named(app, name),
    h(
      "ol",
      { class: "fallback-codes", id: "fallback-codes" },
      codes.map((code) => h("li", { "data-code": code }, `${code.slice(0, 4)} ${code.slice(4)}`)),
    ),
    note("warning", h("p", {}, app.t("fallbacks.once"))),
    h("p", { class: "hint" }, app.t("sheets.keep")),
  ];
}

/**
 * @param {Shell} app
 * @param {Told} told
 */
function appContent(app, { name = "", secret = "", uri = "" }) {
  return [
    h("p", { class: "lead" }, app.t("fallbacks.totp_how")),
    h("div", { class: "move-qr", id: "fallback-qr", "data-uri": uri }, qr(uri, app.t("fallbacks.totp_qr"))),
    h("p", {}, app.t("fallbacks.totp_key")),
    h(
      "p",
      { class: "fallback-key", id: "fallback-key", "data-key": secret },
      (secret.match(/.{1,4}/g) ?? []).map((group) => h("span", {}, group)),
    ),
    named(app, name),
    note("warning", h("p", {}, app.t("fallbacks.once"))),
  ];
}

/**
 * @param {Shell} app
 * @param {Told} told
 */
function passkeyContent(app, { url = "" }) {
  const end = url.lastIndexOf("/passkey/"); // a line breaks there, if anywhere
  return [
    h("p", { class: "lead" }, app.t("fallbacks.passkey_how")),
    h("p", { class: "fallback-address", id: "fallback-address" }, url.slice(0, end), h("wbr", {}), url.slice(end)),
    h("p", { class: "hint" }, app.t("fallbacks.passkey_time")),
    note("warning", h("p", {}, app.t("fallbacks.passkey_own"))),
  ];
}

/**
 * The name that is typed beside a code.
 * @param {Shell} app
 * @param {string} name
 */
function named(app, name) {
  return h("p", { class: "fallback-name" }, h("span", {}, app.t("fallbacks.name")), h("strong", { id: "fallback-name" }, name));
}

/**
 * The invitation on the home screen, until something is prepared or the person wants no more of it.
 * @param {Shell} app
 * @param {HTMLElement} place
 */
export async function invite(app, place) {
  const record = await app.phone.record();
  if (record?.account?.state !== "active" || record.otherWays === true) return fill(place);
  const dismiss = async () => {
    await app.phone.dismissOtherWays();
    fill(place);
    app.announce(app.t("fallbacks.invite_gone"));
  };
  fill(
    place,
    note(
      "info",
      h(
        "div",
        { class: "stack", id: "invitation" },
        h("p", { class: "note-title" }, app.t("fallbacks.title")),
        h("p", {}, app.t("fallbacks.invite")),
        h(
          "div",
          { class: "fallback-choices" },
          button({
            id: "invitation-go",
            kind: "quiet",
            words: app.t("fallbacks.invite_go"),
            press: () => app.open(fallbacksScreen, undefined),
          }),
          h(
            "button",
            { type: "button", class: "text-button", id: "invitation-later", onclick: () => void dismiss() },
            app.t("fallbacks.invite_no"),
          ),
        ),
      ),
    ),
  );
}
