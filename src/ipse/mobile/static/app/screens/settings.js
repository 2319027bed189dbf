// Settings: language, code, check, blocking, removal, documents.

import { isWeak } from "../engine/weak.js";
import { NoAnswer, Problem } from "../engine/problems.js";
import { codePad } from "../parts/codepad.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { LANGUAGE_NAMES, LANGUAGES } from "../parts/language.js";
import { busy, button, complaint, note, result, row } from "../parts/pieces.js";
import { documentsIn } from "./activate.js";
import { browsersScreen } from "./browsers.js";
import { checkScreen } from "./check.js";
import { duressScreen } from "./duress.js";
import { fingerprintRow } from "./fingerprints.js";
import { fallbacksScreen } from "./fallbacks.js";
import { deleteScreen, noticesScreen, numberScreen } from "./identity.js";
import { oldPhoneScreen } from "./moving.js";
import { outcomeScreen } from "./outcome.js";
import { sheetsScreen } from "./sheets.js";
import { wakingRow } from "./waking.js";
import { stoppedScreen } from "./welcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../parts/language.js").MessageId} MessageId */

/**
 * A person's own pages, on the scheme's site: there one signs in with this app.
 * @param {Shell} app
 */
async function openPortal(app) {
  const { issuer } = await app.phone.configuration();
  location.assign(new URL(`/portal?lang=${app.language}`, issuer));
}

/**
 * @param {Shell} app
 * @returns {View}
 */
export function settingsScreen(app) {
  const documents = h("ul", { class: "list" });
  app.phone
    .configuration()
    .then((configuration) =>
      fill(
        documents,
        documentsIn(configuration, app.language).map(({ kind, url, version }) =>
          h(
            "li",
            {},
            h(
              "a",
              { class: "row", href: url, target: "_blank", rel: "noopener noreferrer" },
              h(
                "span",
                { class: "row-words" },
                h("span", { class: "row-main" }, app.words(`document.${kind}`, "document.other")),
                h("span", { class: "row-below" }, app.t("document.version", { version })),
              ),
              h("span", { class: "row-next" }, icon("link")),
            ),
          ),
        ),
      ),
    )
    .catch(() => undefined); // without connection the links are simply not there
  return {
    name: "settings",
    title: app.t("settings.title"),
    tab: "settings",
    back: false,
    content: [
      group(
        app.t("settings.security"),
        row({
          id: "settings-code",
          icon: icon("lock"),
          words: app.t("settings.code"),
          press: () => app.open(changeCodeScreen, {}),
        }),
        fingerprintRow(app),
        row({
          id: "settings-duress",
          icon: icon("hand"),
          words: app.t("settings.duress"),
          below: app.t("settings.duress_more"),
          press: () => app.open(duressScreen, undefined),
        }),
        row({
          id: "settings-browsers",
          icon: icon("browser"),
          words: app.t("settings.browsers"),
          below: app.t("settings.browsers_more"),
          press: () => app.open(browsersScreen, undefined),
        }),
        row({
          id: "settings-notices",
          icon: icon("mail"),
          words: app.t("settings.notices"),
          below: app.t("settings.notices_more"),
          press: () => app.open(noticesScreen, undefined),
        }),
        row({
          id: "settings-portal",
          icon: icon("globe"),
          words: app.t("settings.portal"),
          below: app.t("settings.portal_more"),
          press: () => openPortal(app),
        }),
      ),
      group(
        app.t("settings.this_phone"),
        row({
          id: "settings-language",
          icon: icon("globe"),
          words: app.t("settings.language"),
          aside: LANGUAGE_NAMES[app.language],
          press: () => app.open(languageScreen, undefined),
        }),
        wakingRow(app),
        row({
          id: "settings-check",
          icon: icon("shield"),
          words: app.t("settings.check"),
          press: () => app.open(checkScreen, undefined),
        }),
        row({
          id: "settings-name",
          icon: icon("tag"),
          words: app.t("settings.name"),
          aside: app.phone.device.label,
          press: () => app.open(nameScreen, undefined),
        }),
        installRow(app),
      ),
      group(
        app.t("settings.when_wrong"),
        row({
          id: "settings-fallbacks",
          icon: icon("key"),
          words: app.t("fallbacks.title"),
          below: app.t("fallbacks.more"),
          press: () => app.open(fallbacksScreen, undefined),
        }),
        row({
          id: "settings-sheets",
          icon: icon("sheet"),
          words: app.t("settings.sheets"),
          below: app.t("settings.sheets_more"),
          press: () => app.open(sheetsScreen, undefined),
        }),
        row({
          id: "settings-block",
          icon: icon("block"),
          words: app.t("settings.block"),
          below: app.t("settings.block_more"),
          press: () => app.open(blockScreen, undefined),
        }),
      ),
      group(
        app.t("settings.changes"),
        row({
          id: "settings-move",
          icon: icon("phone"),
          words: app.t("settings.move"),
          below: app.t("settings.move_more"),
          press: () => app.open(oldPhoneScreen, undefined),
        }),
        row({
          id: "settings-number",
          icon: icon("sim"),
          words: app.t("settings.number"),
          press: () => app.open(numberScreen, {}),
        }),
        row({
          id: "settings-remove",
          icon: icon("cross"),
          words: app.t("settings.remove"),
          below: app.t("settings.remove_more"),
          press: () => app.open(removeScreen, undefined),
        }),
        row({
          id: "settings-delete",
          icon: icon("trash"),
          words: app.t("settings.delete"),
          below: app.t("settings.delete_more"),
          press: () => app.open(deleteScreen, undefined),
        }),
      ),
      h("section", { class: "group" }, h("h2", {}, app.t("settings.about")), documents),
      h("p", { class: "hint" }, app.t("settings.version", { version: app.phone.version })),
      h("p", { class: "hint" }, app.t("settings.size")),
    ],
  };
}

/**
 * Settings that belong together, under a heading.
 * @param {string} title
 * @param {...(HTMLElement | null)} rows
 */
function group(title, ...rows) {
  return h("section", { class: "group" }, h("h2", {}, title), h("ul", { class: "list" }, ...rows));
}

/**
 * @param {Shell} app
 * @returns {HTMLElement | null} only where the browser offers it
 */
function installRow(app) {
  const { install } = app;
  if (install === null) return null;
  const press = async () => {
    await install.prompt();
    app.install = null; // an offer counts once
    app.again();
  };
  return row({
    id: "settings-install",
    icon: icon("home"),
    words: app.t("settings.install"),
    below: app.t("settings.install_more"),
    press: () => void press(),
  });
}

/**
 * What the person calls this phone. Nobody else gives it a name.
 * @param {Shell} app
 * @returns {View}
 */
function nameScreen(app) {
  const problem = complaint();
  const field = h("input", {
    id: "device-name",
    type: "text",
    maxlength: 60,
    autocomplete: "off",
    value: app.phone.device.label,
    "aria-label": app.t("settings.name"),
    "aria-describedby": "device-name-lead complaint",
  });
  const press = button({
    id: "device-name-keep",
    words: app.t("name.keep"),
    press: () =>
      busy(press, async () => {
        await app.phone.device.rename(field.value);
        app.back();
      }).catch((error) => (problem.textContent = app.explain(error))),
  });
  return {
    name: "device-name",
    title: app.t("settings.name"),
    content: [
      h("p", { class: "lead", id: "device-name-lead" }, app.t("name.lead")),
      h("div", { class: "field" }, field),
      problem,
    ],
    actions: [press],
  };
}

/**
 * @param {Shell} app
 * @returns {View}
 */
function languageScreen(app) {
  const choices = LANGUAGES.map((language) =>
    h(
      "label",
      { class: "row choice", lang: language },
      h("input", {
        type: "radio",
        name: "language",
        value: language,
        "data-language": language,
        checked: language === app.language,
        onchange: () => void app.ways.changeLanguage(language),
      }),
      h("span", { class: "row-words" }, LANGUAGE_NAMES[language]),
      h("span", { class: "choice-mark" }, icon("check")),
    ),
  );
  return {
    name: "language",
    title: app.t("settings.language"),
    content: [h("div", { class: "list", role: "radiogroup", "aria-labelledby": "title" }, choices)],
  };
}

/**
 * Three pads in a row: the code so far, the new one, the new one again. Nothing is sent before the third.
 * @param {Shell} app
 * @param {{ current?: string, next?: string, objection?: string }} parameters
 * @returns {View}
 */
function changeCodeScreen(app, { current, next, objection }) {
  const step = current === undefined ? "current" : next === undefined ? "next" : "again";

  /** @param {string} code */
  async function entered(code) {
    if (current === undefined) {
      app.open(changeCodeScreen, { current: code }, "replace");
      return null;
    }
    if (next === undefined) {
      const context = (await app.phone.record())?.codeContext;
      if (isWeak(code, context)) return app.t("choose_code.weak");
      if (code === current) return app.t("change_code.same");
      app.open(changeCodeScreen, { current, next: code }, "replace");
      return null;
    }
    if (code !== next) {
      app.open(changeCodeScreen, { current, objection: app.t("choose_code.differ") }, "replace");
      return null;
    }
    await change(current, next);
    return null;
  }

  /**
   * @param {string} old
   * @param {string} fresh
   */
  async function change(old, fresh) {
    try {
      const signed = ((await app.phone.record())?.signers ?? []).length > 0;
      await app.phone.changeCode({ current: old, next: fresh });
      app.open(codeChangedScreen, { signed }, "replace");
    } catch (error) {
      if (error instanceof Problem && error.code === "account_blocked") return app.ways.home();
      if (error instanceof NoAnswer) {
        return app.open(outcomeScreen, { kind: "no_answer", text: app.explain(error), partner: "" }, "reset");
      }
      app.open(changeCodeScreen, { objection: app.explain(error) }, "replace");
    }
  }

  const pad = codePad(app, { label: app.t("code.pad"), entered, objection });
  const ending = h("div", {});
  if (step === "current") {
    void app.phone.record().then((record) => {
      if ((record?.signers ?? []).length > 0) fill(ending, note("info", h("p", { id: "certificate-ends" }, app.t("certificate.will_end"))));
    });
  }
  /** @type {Record<typeof step, [MessageId, MessageId]>} */
  const words = {
    current: ["change_code.current", "change_code.current_lead"],
    next: ["choose_code.title", "choose_code.lead"],
    again: ["repeat_code.title", "repeat_code.lead"],
  };
  return {
    name: `change-code-${step}`,
    title: app.t(words[step][0]),
    content: [h("p", { class: "lead" }, app.t(words[step][1])), ending, pad.element],
    leave: pad.leave,
  };
}

/**
 * @param {Shell} app
 * @param {{ signed: boolean }} parameters whether a signing certificate ended with the old code
 * @returns {View}
 */
function codeChangedScreen(app, { signed }) {
  return {
    name: "code-changed",
    title: app.t("change_code.done"),
    back: false,
    bare: true,
    content: [
      result("code-changed", "ok", "check", app.t("change_code.done"), app.t("change_code.done_text")),
      signed ? note("info", h("p", { id: "certificate-renewed" }, app.t("certificate.renewed"))) : null,
    ],
    actions: [button({ id: "done-continue", words: app.t("done.continue"), press: () => app.ways.home() })],
  };
}

/**
 * @param {Shell} app
 * @returns {View}
 */
function blockScreen(app) {
  const problem = complaint();
  /** @type {["lost" | "not_me" | "other", MessageId][]} */
  const reasons = [
    ["lost", "block.lost"],
    ["not_me", "block.not_me"],
    ["other", "block.other"],
  ];
  /** @type {"lost" | "not_me" | "other"} */
  let reason = "not_me";
  const choices = reasons.map(([value, words]) =>
    h(
      "label",
      { class: "row choice" },
      h("input", {
        type: "radio",
        name: "reason",
        value,
        "data-reason": value,
        checked: value === reason,
        onchange: () => (reason = value),
      }),
      h("span", { class: "row-words" }, app.t(words)),
      h("span", { class: "choice-mark" }, icon("check")),
    ),
  );
  const press = button({
    id: "block-confirm",
    kind: "danger",
    icon: "block",
    words: app.t("block.confirm"),
    press: () =>
      busy(press, async () => {
        await app.phone.block(reason);
        app.open(blockedScreen, undefined, "reset");
      }).catch((error) => (problem.textContent = app.explain(error))),
  });
  return {
    name: "block",
    title: app.t("block.title"),
    content: [
      note("warning", app.t("block.text")),
      h("h2", { id: "reason-title" }, app.t("block.why")),
      h("div", { class: "list", role: "radiogroup", "aria-labelledby": "reason-title" }, choices),
      problem,
    ],
    actions: [press],
  };
}

/**
 * @param {Shell} app
 * @returns {View}
 */
export function blockedScreen(app) {
  return {
    name: "blocked",
    title: app.t("blocked.title"),
    back: false,
    bare: true,
    content: [result("blocked", "danger", "block", app.t("blocked.title"), app.t("blocked.text"))],
    actions: [button({ id: "blocked-home", words: app.t("outcome.home"), press: () => app.ways.home() })],
  };
}

/**
 * @param {Shell} app
 * @returns {View}
 */
function removeScreen(app) {
  const problem = complaint();
  const press = button({
    id: "remove-confirm",
    kind: "danger",
    icon: "trash",
    words: app.t("remove.confirm"),
    press: () =>
      busy(press, async () => {
        await app.phone.remove();
        app.open(stoppedScreen, { why: "removed" }, "reset");
      }).catch((error) => (problem.textContent = app.explain(error))),
  });
  return {
    name: "remove",
    title: app.t("remove.title"),
    content: [note("warning", app.t("remove.text")), h("p", {}, app.t("remove.after")), problem],
    actions: [press],
  };
}
