// Activation after the bank: what the bank said, the code, done.

import { NoAnswer } from "../engine/problems.js";
import { isWeak } from "../engine/weak.js";
import { attributeLabel, attributeValue } from "../parts/attributes.js";
import { codePad } from "../parts/codepad.js";
import { h } from "../parts/dom.js";
import { button, note, progress, result } from "../parts/pieces.js";
import { STEPS } from "./activate.js";
import { outcomeScreen } from "./outcome.js";
import { wakingOffer } from "./waking.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/store.js").PhoneRecord} PhoneRecord */
/** @typedef {import("../engine/store.js").Enrolment} Enrolment */
/** @typedef {import("../engine/store.js").Account} Account */
/** @typedef {import("../engine/weak.js").CodeContext} CodeContext */

/**
 * @param {Shell} app
 * @param {{ record: PhoneRecord, enrolment: Enrolment }} parameters
 * @returns {View}
 */
export function receivedScreen(app, { record, enrolment }) {
  return {
    name: "received",
    title: app.t("received.title"),
    back: false,
    content: [
      progress(app.t("activate.step", { step: 4, steps: STEPS }), 4, STEPS),
      h("p", { class: "lead" }, app.t("received.lead", { bank: enrolment.registrarName })),
      h(
        "dl",
        { class: "facts", id: "received" },
        enrolment.received.map(({ name, value }) =>
          h(
            "div",
            { "data-attribute": name },
            h("dt", {}, attributeLabel(app, name)),
            h("dd", {}, attributeValue(app, name, value)),
          ),
        ),
      ),
      enrolment.numberVerified
        ? note("ok", app.t("received.number_ok", { number: record.phoneNumber }))
        : note("warning", app.t("received.number_unknown", { number: record.phoneNumber })),
    ],
    actions: [
      button({
        id: "received-continue",
        words: app.t("received.continue"),
        press: () => app.open(chooseCodeScreen, { context: record.codeContext }),
      }),
      button({
        id: "start-again",
        kind: "quiet",
        words: app.t("received.wrong"),
        press: () => void app.ways.startAgain(),
      }),
    ],
  };
}

/**
 * @param {Shell} app
 * @param {{ context: CodeContext, objection?: string }} parameters
 * @returns {View}
 */
export function chooseCodeScreen(app, { context, objection }) {
  const pad = codePad(app, {
    objection,
    label: app.t("code.pad"),
    entered: async (code) => {
      if (isWeak(code, context)) return app.t("choose_code.weak");
      app.open(repeatCodeScreen, { code, context });
      return null;
    },
  });
  return {
    name: "choose-code",
    title: app.t("choose_code.title"),
    content: [lastStep(app), h("p", { class: "lead" }, app.t("choose_code.lead")), pad.element],
    leave: pad.leave,
  };
}

/**
 * @param {Shell} app
 * @param {{ code: string, context: CodeContext }} parameters
 * @returns {View}
 */
function repeatCodeScreen(app, { code, context }) {
  const pad = codePad(app, {
    label: app.t("code.pad"),
    entered: async (again) => {
      if (again !== code) {
        app.open(chooseCodeScreen, { context, objection: app.t("choose_code.differ") }, "replace");
        return null;
      }
      try {
        const { account, moved } = await app.phone.activate(code);
        void navigator.storage?.persist?.().catch(() => false);
        app.open(doneScreen, { account, moved }, "reset");
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        app.open(outcomeScreen, { kind: "no_answer", text: app.explain(error), partner: "" }, "reset");
      }
      return null;
    },
  });
  return {
    name: "repeat-code",
    title: app.t("repeat_code.title"),
    content: [lastStep(app), h("p", { class: "lead" }, app.t("repeat_code.lead")), pad.element],
    leave: pad.leave,
  };
}

/** @param {Shell} app */
function lastStep(app) {
  return progress(app.t("activate.step", { step: STEPS, steps: STEPS }), STEPS, STEPS);
}

/**
 * @param {Shell} app
 * @param {{ account: Account, moved: boolean }} parameters
 * @returns {View}
 */
export function doneScreen(app, { account: { state, why }, moved }) {
  const active = state === "active";
  const missing = app.words(`account.pending.${why}`, "account.pending.other");
  return {
    name: "done",
    title: app.t(active ? "done.title" : "done.pending_title"),
    back: false,
    bare: true,
    content: [
      active
        ? result("done", "ok", "check", app.t("done.title"), app.t("done.text"), state)
        : result(
            "done",
            "warning",
            "clock",
            app.t("done.pending_title"),
            app.t("done.pending_text", { why: missing }),
            state,
          ),
      ...(moved ? [note("info", app.t("done.moved"))] : []),
      ...(active ? [note("info", app.t("done.advice"))] : []),
    ],
    actions: [
      button({ id: "done-continue", words: app.t("done.continue"), press: () => app.ways.home() }),
      ...(active ? [wakingOffer(app)] : []),
    ],
  };
}
