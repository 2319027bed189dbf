// Sheets with a code that blocks this identity without this phone: the person's own, and those of people they trust.

import { makePanicSheet, panicSheets, revokePanicSheet } from "../engine/costing.js";
import { NoAnswer, Problem } from "../engine/problems.js";
import { codePad } from "../parts/codepad.js";
import { fill, h } from "../parts/dom.js";
import { icon, mark } from "../parts/icons.js";
import { momentWords } from "../parts/attributes.js";
import { button, complaint, note, row, waiting } from "../parts/pieces.js";
import { outcomeScreen } from "./outcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/costing.js").Sheet} Sheet */
/** @typedef {import("../engine/costing.js").NewSheet} NewSheet */

/**
 * @param {Shell} app
 * @returns {View}
 */
export function sheetsScreen(app) {
  const problem = complaint();
  const list = h("div", { id: "sheets" }, waiting(app.t("loading")));
  panicSheets(app.phone)
    .then(({ sheets }) =>
      fill(
        list,
        sheets.length === 0
          ? h("p", { class: "empty", id: "no-sheets" }, app.t("sheets.none"))
          : h("ul", { class: "list" }, sheets.map((sheet) => line(app, sheet))),
      ),
    )
    .catch((error) => {
      fill(list);
      problem.textContent = app.explain(error);
    });
  return {
    name: "sheets",
    title: app.t("sheets.title"),
    content: [h("p", { class: "lead" }, app.t("sheets.lead")), problem, list],
    actions: [
      button({ id: "sheet-own", words: app.t("sheets.own"), press: () => app.open(makeScreen, { contact: "" }) }),
      button({
        id: "sheet-contact",
        kind: "quiet",
        words: app.t("sheets.contact"),
        press: () => app.open(contactScreen, undefined),
      }),
    ],
  };
}

/**
 * @param {Shell} app
 * @param {Sheet} sheet
 */
function line(app, sheet) {
  return row({
    icon: icon("tag"),
    words: sheet.name === "" ? app.t("sheets.mine") : sheet.name,
    below: app.t("sheets.made", { moment: momentWords(app, sheet.made_at * 1000) }),
    aside: app.t("sheets.revoke"),
    press: () => app.open(revokeScreen, { sheet }),
    data: { sheet: sheet.sheet },
  });
}

/**
 * @param {Shell} app
 * @returns {View}
 */
function contactScreen(app) {
  const problem = complaint();
  const field = h("input", {
    id: "contact-name",
    maxlength: "60",
    autocomplete: "off",
    "aria-label": app.t("sheets.contact_name"),
    "aria-describedby": "contact-lead complaint",
  });
  const press = button({
    id: "contact-continue",
    words: app.t("sheets.go_on"),
    press: () => {
      const contact = field.value.trim();
      if (contact === "") problem.textContent = app.t("sheets.contact_missing");
      else app.open(makeScreen, { contact });
    },
  });
  return {
    name: "sheet-contact",
    title: app.t("sheets.contact"),
    content: [
      h("p", { class: "lead", id: "contact-lead" }, app.t("sheets.contact_lead")),
      h("div", { class: "field" }, h("label", { for: "contact-name" }, app.t("sheets.contact_name")), field),
      problem,
    ],
    actions: [press],
  };
}

/**
 * @param {Shell} app
 * @param {{ contact: string }} parameters
 * @returns {View}
 */
function makeScreen(app, { contact }) {
  return costingScreen(app, "sheet-make", app.t("sheets.make_lead"), async (code) => {
    const sheet = await makePanicSheet(app.phone, { code, contact });
    app.open(sheetScreen, { sheet }, "replace");
  });
}

/**
 * @param {Shell} app
 * @param {{ sheet: Sheet }} parameters
 * @returns {View}
 */
function revokeScreen(app, { sheet }) {
  return costingScreen(app, "sheet-revoke", app.t("sheets.revoke_lead"), async (code) => {
    await revokePanicSheet(app.phone, { code, sheet: sheet.sheet });
    app.announce(app.t("sheets.revoked"));
    app.back();
  });
}

/**
 * @param {Shell} app
 * @param {string} name
 * @param {string} lead
 * @param {(code: string) => Promise<void>} work
 * @returns {View}
 */
export function costingScreen(app, name, lead, work) {
  const pad = codePad(app, {
    label: app.t("code.pad"),
    entered: async (code) => {
      try {
        await work(code);
        return null;
      } catch (error) {
        if (error instanceof Problem && error.code === "account_blocked") app.ways.home();
        else if (error instanceof NoAnswer)
          app.open(outcomeScreen, { kind: "no_answer", text: app.explain(error), partner: "" }, "reset");
        else return app.explain(error);
        return null;
      }
    },
  });
  return {
    name,
    title: app.t("change_code.current"),
    content: [h("p", { class: "lead" }, lead), pad.element],
    leave: pad.leave,
  };
}

/**
 * The sheet itself: shown this once, to be printed or written down.
 * @param {Shell} app
 * @param {{ sheet: NewSheet }} parameters
 * @returns {View}
 */
function sheetScreen(app, { sheet }) {
  return {
    name: "sheet",
    title: app.t("sheets.sheet_title"),
    back: false,
    content: [
      h("p", { class: "sheet-brand", "aria-hidden": "true" }, mark(), "Ipse"),
      h("p", { class: "lead" }, sheet.name === "" ? app.t("sheets.sheet_for_me") : app.t("sheets.sheet_for", { name: sheet.name })),
      h(
        "p",
        { class: "sheet-code", id: "sheet-code", "aria-label": Array.from(sheet.code).join(" ") },
        sheet.code.split(" ").map((group) => h("span", {}, group)),
      ),
      h("h2", {}, app.t("sheets.how")),
      h(
        "ol",
        { class: "sheet-steps" },
        h("li", {}, app.t("sheets.how_web", { page: sheet.page })),
        sheet.telephone === "" ? null : h("li", {}, app.t("sheets.how_telephone", { number: sheet.telephone })),
        h("li", {}, app.t("sheets.how_then")),
      ),
      note("warning", h("p", {}, app.t("sheets.once"))),
      h("p", { class: "hint" }, app.t("sheets.keep")),
    ],
    actions: [
      button({ id: "sheet-print", words: app.t("sheets.print"), press: () => window.print() }),
      button({ id: "sheet-done", kind: "quiet", words: app.t("sheets.done"), press: () => app.ways.settings() }),
    ],
  };
}
