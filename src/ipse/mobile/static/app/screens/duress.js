// A second code for somebody who is forced: it looks like success. Nothing here tells whether there is one, and setting,
// changing and removing it look the same.

import { setDuress } from "../engine/costing.js";
import { NoAnswer, Problem } from "../engine/problems.js";
import { isNear } from "../engine/slots.js";
import { isWeak } from "../engine/weak.js";
import { codePad } from "../parts/codepad.js";
import { h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { button, note, result } from "../parts/pieces.js";
import { outcomeScreen } from "./outcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../parts/language.js").MessageId} MessageId */
/** @typedef {{ remove: boolean, told: boolean, current?: string, duress?: string, objection?: string }} Wish */

/**
 * What it is, in calm words, and the two ways on.
 * @param {Shell} app
 * @returns {View}
 */
export function duressScreen(app) {
  const tell = h("input", { type: "checkbox", id: "duress-tell" });
  /** @param {boolean} remove */
  const go = (remove) => app.open(duressCodeScreen, { remove, told: tell.checked });
  /** @type {MessageId[]} */
  const steps = ["duress.what_you", "duress.what_they", "duress.what_then"];
  return {
    name: "duress",
    title: app.t("duress.title"),
    content: [
      h("p", { class: "lead" }, app.t("duress.lead")),
      h("ol", { class: "sheet-steps duress-steps" }, steps.map((step) => h("li", {}, app.t(step)))),
      note("info", h("p", {}, app.t("duress.choose")), h("p", {}, app.t("duress.back"))),
      h(
        "div",
        { class: "list" },
        h(
          "label",
          { class: "row choice", for: "duress-tell" },
          tell,
          h(
            "span",
            { class: "row-words" },
            h("span", { class: "row-main" }, app.t("duress.tell")),
            h("span", { class: "row-below" }, app.t("duress.tell_more")),
          ),
          h("span", { class: "choice-mark" }, icon("check")),
        ),
      ),
    ],
    actions: [
      button({ id: "duress-set", icon: "lock", words: app.t("duress.set"), press: () => go(false) }),
      button({ id: "duress-remove", kind: "quiet", words: app.t("duress.remove"), press: () => go(true) }),
    ],
  };
}

/**
 * The code, then the duress code twice; to have none, the code alone.
 * @param {Shell} app
 * @param {Wish} wish
 * @returns {View}
 */
function duressCodeScreen(app, wish) {
  const { remove, told, current, duress, objection } = wish;
  const step = current === undefined ? "current" : duress === undefined ? "next" : "again";

  /** @param {string} code */
  async function entered(code) {
    if (current === undefined) {
      if (remove) return send(code, null);
      app.open(duressCodeScreen, { remove, told, current: code }, "replace");
      return null;
    }
    if (duress === undefined) {
      const context = (await app.phone.record())?.codeContext;
      if (isWeak(code, context)) return app.t("choose_code.weak");
      if (isNear(code, current)) return app.t("duress.near");
      app.open(duressCodeScreen, { remove, told, current, duress: code }, "replace");
      return null;
    }
    if (code === duress) return send(current, duress);
    app.open(duressCodeScreen, { remove, told, current, objection: app.t("choose_code.differ") }, "replace");
    return null;
  }

  /**
   * @param {string} code
   * @param {string | null} fresh
   * @returns {Promise<null>}
   */
  async function send(code, fresh) {
    try {
      await setDuress(app.phone, { code, duress: fresh, told });
      app.open(doneScreen, undefined, "replace");
    } catch (error) {
      if (error instanceof Problem && error.code === "account_blocked") app.ways.home();
      else if (error instanceof NoAnswer)
        app.open(outcomeScreen, { kind: "no_answer", text: app.explain(error), partner: "" }, "reset");
      else app.open(duressCodeScreen, { remove, told, objection: app.explain(error) }, "replace");
    }
    return null;
  }

  const pad = codePad(app, { label: app.t("code.pad"), entered, objection });
  /** @type {Record<typeof step, [MessageId, MessageId]>} */
  const words = {
    current: ["duress.current", "duress.current_lead"],
    next: ["duress.next", "duress.next_lead"],
    again: ["duress.again", "repeat_code.lead"],
  };
  return {
    name: `duress-${step}`,
    title: app.t(words[step][0]),
    content: [h("p", { class: "lead" }, app.t(words[step][1])), pad.element],
    leave: pad.leave,
  };
}

/**
 * @param {Shell} app
 * @returns {View}
 */
function doneScreen(app) {
  return {
    name: "duress-done",
    title: app.t("duress.done"),
    back: false,
    bare: true,
    content: [result("duress-done", "ok", "check", app.t("duress.done"), app.t("duress.done_text"))],
    actions: [button({ id: "done-continue", words: app.t("done.continue"), press: () => app.ways.home() })],
  };
}
