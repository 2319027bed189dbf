// How a request ended.

import { h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint } from "../parts/pieces.js";
import { kindOf } from "./intake.js";
import { blockedScreen } from "./settings.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../parts/icons.js").IconName} IconName */

/** @typedef {"approved" | "rejected" | "not_started" | "over" | "blocked" | "not_yet" | "failed" | "no_answer"} Kind */

/** @type {Record<Kind, { tone: string, icon: IconName }>} */
const FIGURES = {
  approved: { tone: "ok", icon: "check" },
  rejected: { tone: "plain", icon: "cross" },
  not_started: { tone: "warning", icon: "hand" },
  over: { tone: "warning", icon: "clock" },
  blocked: { tone: "danger", icon: "block" },
  not_yet: { tone: "warning", icon: "clock" },
  failed: { tone: "danger", icon: "alert" },
  no_answer: { tone: "warning", icon: "cloud" },
};

/**
 * Shows how a message ended that had been left without answer.
 * @param {Shell} app
 * @param {Awaited<ReturnType<import("../engine/phone.js").Phone["finish"]>>} done
 * @returns {boolean} false when there is nothing to show beyond what the phone's own state says
 */
export function showFinished(app, done) {
  if (done === null) return false;
  if (done.problem !== null) {
    app.open(
      outcomeScreen,
      { kind: kindOf(done.problem), text: app.explain(done.problem), partner: done.partner },
      "reset",
    );
    return true;
  }
  if (done.decision === null) return false;
  app.open(outcomeScreen, { kind: done.decision, partner: done.partner, returnUrl: done.returnUrl }, "reset");
  return true;
}

/**
 * @param {Shell} app
 * @param {{ kind: string, partner: string, text?: string, returnUrl?: string | null }} parameters
 *   `returnUrl` finishes a login that began on this same phone: it is opened at once
 * @returns {View}
 */
export function outcomeScreen(app, { kind: given, partner, text, returnUrl = null }) {
  const kind = /** @type {Kind} */ (given in FIGURES ? given : "failed");
  const title = app.words(`outcome.${kind}.title`, "outcome.failed.title", { partner });
  const words =
    text ??
    app.words(returnUrl === null ? `outcome.${kind}.text` : "outcome.approved.going", "outcome.failed.text", {
      partner,
    });
  const problem = complaint();
  if (returnUrl !== null) setTimeout(() => location.assign(returnUrl), 50);

  const home = button({
    id: "outcome-home",
    kind: kind === "not_started" ? "quiet" : "main",
    words: app.t("outcome.home"),
    press: () => app.ways.home(),
  });
  const block = button({
    id: "block-identity",
    kind: "danger",
    icon: "block",
    words: app.t("outcome.block"),
    press: () =>
      busy(block, async () => {
        await app.phone.block("not_me");
        app.open(blockedScreen, undefined, "reset");
      }).catch((error) => (problem.textContent = app.explain(error))),
  });
  const finish = button({
    id: "try-again",
    words: app.t("try_again"),
    press: () =>
      busy(finish, async () => {
        if (!showFinished(app, await app.phone.finish())) app.ways.home();
      }).catch((error) => (problem.textContent = app.explain(error))),
  });
  const onward =
    returnUrl === null
      ? null
      : h(
          "a",
          { class: "button button-main", id: "return-link", href: returnUrl },
          h("span", {}, app.t("outcome.go_on", { partner })),
        );
  const actions = [
    onward,
    kind === "not_started" ? block : null,
    kind === "no_answer" ? finish : null,
    returnUrl === null && kind !== "no_answer" ? home : null,
  ];
  return {
    name: "outcome",
    title,
    back: false,
    bare: true,
    content: [
      h(
        "div",
        { class: "outcome", id: "outcome", "data-outcome": kind },
        h("div", { class: `figure figure-big figure-${FIGURES[kind].tone}` }, icon(FIGURES[kind].icon)),
        h("h1", { id: "title", tabindex: "-1" }, title),
        h("p", { class: "lead" }, words),
        problem,
      ),
    ],
    actions,
  };
}
