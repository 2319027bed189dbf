// The two digits that stand where a request was started: proof that the person sees that place.

import { h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, monogram } from "../parts/pieces.js";
import { clocksOf } from "./countdown.js";
import { kindOf, openClaimed } from "./intake.js";
import { outcomeScreen } from "./outcome.js";
import { notMeButton } from "./request.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").OpenRequest} OpenRequest */

/**
 * @param {Shell} app
 * @param {{ start: { ticket: string } | { action: string }, addressed?: OpenRequest }} parameters
 *   `addressed`: nobody scanned or opened anything, so this person is told who asks and can say "I did not start this"
 * @returns {View}
 */
export function digitsScreen(app, { start, addressed }) {
  const problem = complaint();
  const field = h("input", {
    id: "digits",
    class: "digits",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: 2,
    pattern: "[0-9]{2}",
    "aria-label": app.t("digits.label"),
    "aria-describedby": "digits-lead complaint",
  });
  const press = button({ id: "digits-continue", words: app.t("continue"), press: goOn });
  const asker = addressed === undefined ? null : askerOf(app, addressed);
  const stopClocks = asker === null ? () => undefined : clocksOf(app, asker);

  function goOn() {
    if (!/^[0-9]{2}$/.test(field.value)) {
      problem.textContent = app.t("digits.two");
      field.focus();
      return;
    }
    void busy(press, async () => openClaimed(app, await app.phone.claim({ ...start, digits: field.value }))).catch(over);
  }

  /** @param {unknown} error */
  function over(error) {
    const partner = addressed?.partner ?? "";
    app.open(outcomeScreen, { kind: kindOf(error), text: app.explain(error), partner }, "replace");
  }

  const form = h(
    "form",
    {
      class: "digits-form",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        goOn();
      },
    },
    field,
  );
  return {
    name: "digits",
    title: app.t(addressed === undefined ? "digits.title" : "digits.title_addressed"),
    content: [
      asker ?? h("div", { class: "figure" }, icon("shield")),
      h(
        "p",
        { class: "lead", id: "digits-lead" },
        app.t(addressed === undefined ? "digits.lead" : "digits.lead_addressed"),
      ),
      form,
      problem,
    ],
    actions: addressed === undefined ? [press] : [press, notMeButton(app, refusal(app, addressed), over)],
    leave: stopClocks,
  };
}

/**
 * @param {Shell} app
 * @param {OpenRequest} request
 */
function refusal(app, { action, partner }) {
  return async () => {
    await app.phone.refuseAddressed({ action, partner, reason: "not_started" });
    app.open(outcomeScreen, { kind: "not_started", partner }, "reset");
  };
}

/**
 * @param {Shell} app
 * @param {OpenRequest} request
 */
function askerOf(app, { action, partner, broker = "", service, expires_at: until }) {
  return h(
    "div",
    { class: "asker", "data-action": action },
    monogram(partner),
    h(
      "div",
      {},
      h("p", { class: "asker-name", id: "partner", dir: "auto" }, partner),
      broker === "" ? null : h("p", { class: "asker-broker", id: "broker" }, app.t("request.through", { broker })),
      h("p", { class: "asker-service", id: "service", dir: "auto" }, service),
      h("p", { class: "asker-clock clock", role: "timer", "data-until": until }),
    ),
  );
}
