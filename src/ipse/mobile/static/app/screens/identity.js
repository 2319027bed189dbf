// The identity as a whole: an activation elsewhere, what the second channel told, another number, the end.

import { changeNumber, deleteIdentity, notices, stopElsewhere } from "../engine/moving.js";
import { Problem } from "../engine/problems.js";
import { momentWords } from "../parts/attributes.js";
import { codePad } from "../parts/codepad.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, note, result, waiting } from "../parts/pieces.js";
import { readPhoneNumber } from "../parts/phone_numbers.js";
import { onlyScheme } from "./activate.js";
import { stoppedScreen } from "./welcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/moving.js").Elsewhere} Elsewhere */
/** @typedef {import("../engine/moving.js").Notice} Notice */

/**
 * On the home screen of the phone that has the identity: somebody activates it elsewhere.
 * @param {Shell} app
 * @param {Elsewhere[]} elsewhere
 */
export function elsewhereNotes(app, elsewhere) {
  return elsewhere.map((wait) =>
    note(
      "danger",
      h("p", {}, h("strong", {}, app.t("elsewhere_wait.title"))),
      h("p", {}, app.t("elsewhere_wait.text", { until: momentWords(app, wait.until * 1000) })),
      h(
        "button",
        {
          type: "button",
          class: "button button-danger",
          id: "stop-elsewhere",
          "data-enrolment": wait.enrolment,
          onclick: () => app.open(stopElsewhereScreen, { wait }),
        },
        app.t("elsewhere_wait.stop"),
      ),
    ),
  );
}

/**
 * @param {Shell} app
 * @param {{ wait: Elsewhere }} parameters
 * @returns {View}
 */
function stopElsewhereScreen(app, { wait }) {
  const problem = complaint();
  const press = button({
    id: "stop-confirm",
    kind: "danger",
    icon: "block",
    words: app.t("elsewhere_wait.confirm"),
    press: () =>
      busy(press, async () => {
        await stopElsewhere(app.phone, wait.enrolment);
        app.open(stoppedElsewhereScreen, undefined, "reset");
      }).catch((error) => (problem.textContent = app.explain(error))),
  });
  return {
    name: "stop-elsewhere",
    title: app.t("elsewhere_wait.title"),
    content: [
      h("p", { class: "lead" }, app.t("elsewhere_wait.was_it_you")),
      h("p", {}, app.t("elsewhere_wait.began", { at: momentWords(app, wait.since * 1000) })),
      note("info", app.t("elsewhere_wait.free")),
      problem,
    ],
    actions: [press, button({ id: "stop-not", kind: "quiet", words: app.t("elsewhere_wait.mine"), press: () => app.back() })],
  };
}

/**
 * @param {Shell} app
 * @returns {View}
 */
function stoppedElsewhereScreen(app) {
  return {
    name: "stopped-elsewhere",
    title: app.t("elsewhere_wait.done"),
    back: false,
    bare: true,
    content: [result("stopped-elsewhere", "ok", "shield", app.t("elsewhere_wait.done"), app.t("elsewhere_wait.done_text"))],
    actions: [button({ id: "done-continue", words: app.t("done.continue"), press: () => app.ways.home() })],
  };
}

/**
 * What this person was told by mail and text message.
 * @param {Shell} app
 * @returns {View}
 */
export function noticesScreen(app) {
  const list = h("div", {}, waiting(app.t("loading")));
  notices(app.phone)
    .then((found) =>
      fill(
        list,
        found.length === 0
          ? h("p", { class: "empty" }, app.t("notices.none"))
          : h("ul", { class: "list", id: "notices" }, found.map((told) => noticeLine(app, told))),
      ),
    )
    .catch((error) => fill(list, note("warning", app.explain(error))));
  return {
    name: "notices",
    title: app.t("settings.notices"),
    content: [h("p", { class: "lead" }, app.t("notices.lead")), list],
  };
}

/**
 * @param {Shell} app
 * @param {Notice} told
 */
function noticeLine(app, { kind, at, sent }) {
  const ways = sent.map(({ channel, place, state }) => {
    const way = app.t(channel === "mail" ? "notices.mail" : "notices.sms");
    const where = place === "before" ? app.t("notices.before", { way }) : way;
    return state === "sent" ? where : app.t("notices.not_sent", { way: where });
  });
  return h(
    "li",
    { class: "known-browser", "data-notice": kind },
    h("span", { class: "row-icon" }, icon("mail")),
    h(
      "span",
      { class: "row-words" },
      h("span", { class: "row-main" }, app.words(`notice.${kind}`, "notice.other")),
      h("span", { class: "row-below" }, [momentWords(app, at * 1000), ...ways].join(" · ")),
    ),
  );
}

/**
 * Another phone number: the number, the code, then the browser proves it.
 * @param {Shell} app
 * @param {{ number?: string, objection?: string }} parameters
 * @returns {View}
 */
export function numberScreen(app, { number, objection }) {
  if (number !== undefined) return numberCodeScreen(app, number);
  const problem = complaint();
  problem.textContent = objection ?? "";
  const field = h("input", {
    id: "new-number",
    type: "tel",
    inputmode: "tel",
    autocomplete: "tel",
    placeholder: "+32 470 00 00 00",
    "aria-describedby": "complaint",
  });
  return {
    name: "new-number",
    title: app.t("settings.number"),
    content: [
      h("p", { class: "lead" }, app.t("number.lead")),
      h("div", { class: "field" }, h("label", { for: "new-number" }, app.t("number.new")), field),
      problem,
      note("info", app.t("number.told")),
    ],
    actions: [
      button({
        id: "continue",
        words: app.t("continue"),
        press: () => {
          const read = readPhoneNumber("BE", field.value);
          if (read === null) problem.textContent = app.t("contact.bad_number");
          else app.open(numberScreen, { number: read });
        },
      }),
    ],
  };
}

/**
 * @param {Shell} app
 * @param {string} number
 * @returns {View}
 */
function numberCodeScreen(app, number) {
  const pad = codePad(app, {
    label: app.t("code.pad"),
    entered: async (code) => {
      try {
        location.assign(await onlyScheme(app, await changeNumber(app.phone, { code, number })));
      } catch (error) {
        if (error instanceof Problem && error.code === "account_blocked") app.ways.home();
        else if (error instanceof Problem && (error.code === "number_stays" || error.code === "bad_phone_number"))
          app.open(numberScreen, { objection: app.explain(error) }, "replace");
        else throw error;
      }
      return null;
    },
  });
  return {
    name: "new-number-code",
    title: app.t("number.code"),
    content: [
      h("p", { class: "lead" }, number === "" ? app.t("number.prove_lead") : app.t("number.code_lead", { number })),
      pad.element,
    ],
    leave: pad.leave,
  };
}

/**
 * @param {Shell} app
 * @param {{ changed: boolean, text: string }} parameters
 * @returns {View}
 */
export function numberDoneScreen(app, { changed, text }) {
  const title = app.t(changed ? "number.done" : "number.failed");
  return {
    name: "number-done",
    title,
    back: false,
    bare: true,
    content: [result("number-done", changed ? "ok" : "warning", changed ? "check" : "alert", title, text)],
    actions: [button({ id: "done-continue", words: app.t("done.continue"), press: () => app.ways.home() })],
  };
}

/**
 * Deleting the identity.
 * @param {Shell} app
 * @returns {View}
 */
export function deleteScreen(app) {
  return {
    name: "delete",
    title: app.t("delete.title"),
    content: [
      note("danger", app.t("delete.text")),
      h("p", {}, app.t("delete.partners")),
      h("p", {}, app.t("delete.block_instead")),
    ],
    actions: [
      button({
        id: "delete-go",
        kind: "danger",
        icon: "trash",
        words: app.t("delete.go"),
        press: () => app.open(deleteCodeScreen, undefined),
      }),
    ],
  };
}

/**
 * @param {Shell} app
 * @returns {View}
 */
function deleteCodeScreen(app) {
  const pad = codePad(app, {
    label: app.t("code.pad"),
    entered: async (code) => {
      await deleteIdentity(app.phone, code);
      app.open(stoppedScreen, { why: "deleted" }, "reset");
      return null;
    },
  });
  return {
    name: "delete-code",
    title: app.t("delete.title"),
    content: [h("p", { class: "lead" }, app.t("delete.code_lead")), pad.element],
    leave: pad.leave,
  };
}
