// To a new phone with the old one in hand. The new phone shows a code; the old one scans or types it, sees what happens
// and confirms with its code; the new one sets a code of its own.

import { handOver, meet, pairingState, part, readPairingCode } from "../engine/moving.js";
import { NoAnswer, Problem } from "../engine/problems.js";
import { isWeak } from "../engine/weak.js";
import { codePad } from "../parts/codepad.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, note, result, waiting } from "../parts/pieces.js";
import { encodeQR } from "../vendor/qr/index.js";
import { clocksOf } from "./countdown.js";
import { outcomeScreen } from "./outcome.js";
import { doneScreen } from "./received.js";
import { scanScreen } from "./scan.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/moving.js").Met} Met */
/** @typedef {import("../engine/store.js").Enrolment} Enrolment */

const LOOK = 2000;
const QUIET = 2;

/**
 * The new phone, before anything: what is needed.
 * @param {Shell} app
 * @returns {View}
 */
export function newPhoneScreen(app) {
  const problem = complaint();
  const press = button({
    id: "move-begin",
    words: app.t("move.show"),
    press: () =>
      busy(press, async () => {
        await app.phone.pair();
        app.ways.home();
      }).catch((error) => (problem.textContent = app.explain(error))),
  });
  return {
    name: "move",
    title: app.t("move.title"),
    content: [
      h("p", { class: "lead" }, app.t("move.lead")),
      h(
        "ol",
        { class: "numbered" },
        h("li", {}, app.t("move.one")),
        h("li", {}, app.t("move.two")),
        h("li", {}, app.t("move.three")),
      ),
      note("info", app.t("move.same_number")),
      problem,
    ],
    actions: [press],
  };
}

/**
 * The new phone shows its code and waits for the old one.
 * @param {Shell} app
 * @param {{ enrolment: Enrolment }} parameters
 * @returns {View}
 */
export function pairingScreen(app, { enrolment: { code = "", expiresAt } }) {
  const state = h("div", { class: "stack", role: "status", id: "pairing", "data-state": "shown" });
  let over = false;

  /** @param {string} why */
  function ended(why) {
    over = true;
    app.open(pairingEndedScreen, { why }, "reset");
  }

  async function look() {
    while (!over) {
      try {
        const pairing = await pairingState(app.phone);
        if (over) return;
        if (pairing.state === "confirmed") {
          over = true;
          return app.open(moveCodeScreen, {}, "reset");
        }
        if (pairing.state === "ended" || pairing.state === "done") return ended(pairing.why ?? "expired");
        if (state.dataset["state"] !== pairing.state) {
          state.dataset["state"] = pairing.state;
          fill(state, waiting(app.t(pairing.state === "seen" ? "move.seen" : "move.waiting")));
        }
      } catch (error) {
        if (error instanceof Problem) return ended(error.why ?? error.code);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  fill(state, waiting(app.t("move.waiting")));
  void look();
  const clock = h("p", { class: "hint" }, h("span", { class: "clock", role: "timer", "data-until": expiresAt }));
  const stop = clocksOf(app, clock);
  return {
    name: "pairing",
    title: app.t("move.scan_this"),
    back: false,
    content: [
      h("p", { class: "lead" }, app.t("move.scan_lead")),
      h("div", { class: "move-qr" }, qr(`${location.origin}/#m=${code}`, app.t("move.qr"))),
      h("p", { class: "move-code", id: "pairing-code" }, code),
      state,
      clock,
      note("warning", app.t("move.never_tell")),
    ],
    actions: [
      button({ id: "start-again", kind: "quiet", words: app.t("move.cancel"), press: () => void app.ways.startAgain() }),
    ],
    leave: () => {
      over = true;
      stop();
    },
  };
}

/**
 * A QR as one path. A scanner needs dark modules on a light ground, whatever the theme.
 * @param {string} text
 * @param {string} label
 */
export function qr(text, label) {
  const modules = encodeQR(text, "raw", { ecc: "medium", border: QUIET });
  const size = modules.length;
  const path = modules
    .flatMap((line, y) => line.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path");
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}

/**
 * The new phone: the code of this phone, twice.
 * @param {Shell} app
 * @param {{ first?: string, objection?: string }} parameters
 * @returns {View}
 */
function moveCodeScreen(app, { first, objection }) {
  /** @param {string} code */
  async function entered(code) {
    if (first === undefined) {
      if (isWeak(code, (await app.phone.record())?.codeContext)) return app.t("choose_code.weak");
      app.open(moveCodeScreen, { first: code }, "replace");
      return null;
    }
    if (code !== first) {
      app.open(moveCodeScreen, { objection: app.t("choose_code.differ") }, "replace");
      return null;
    }
    try {
      const { account } = await app.phone.takeOver(code);
      void navigator.storage?.persist?.().catch(() => false);
      app.open(doneScreen, { account, moved: true }, "reset");
    } catch (error) {
      if (error instanceof NoAnswer)
        app.open(outcomeScreen, { kind: "no_answer", text: app.explain(error), partner: "" }, "reset");
      else if (error instanceof Problem) app.open(pairingEndedScreen, { why: error.why ?? error.code }, "reset");
      else throw error;
    }
    return null;
  }

  const pad = codePad(app, { label: app.t("code.pad"), entered, objection });
  return {
    name: first === undefined ? "choose-code" : "repeat-code",
    title: app.t(first === undefined ? "choose_code.title" : "repeat_code.title"),
    back: false,
    content: [
      h("p", { class: "lead" }, app.t(first === undefined ? "move.choose_lead" : "repeat_code.lead")),
      pad.element,
    ],
    leave: pad.leave,
  };
}

/**
 * @param {Shell} app
 * @param {{ why: string }} parameters
 * @returns {View}
 */
function pairingEndedScreen(app, { why }) {
  return {
    name: "pairing-ended",
    title: app.t("move.ended"),
    back: false,
    content: [
      h("div", { class: "figure figure-warning" }, icon("phone")),
      h("p", { class: "lead", id: "ended", "data-why": why }, app.words(`move.ended.${why}`, "move.ended.other")),
    ],
    actions: [button({ id: "start-again", words: app.t("start_again"), press: () => void app.ways.startAgain() })],
  };
}

/**
 * The old phone: scan or type the code of the new one.
 * @param {Shell} app
 * @returns {View}
 */
export function oldPhoneScreen(app) {
  const problem = complaint();
  const field = h("input", {
    id: "pairing-typed",
    class: "move-typed",
    type: "text",
    maxlength: 20,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    placeholder: "XXXX-XXXX-XXXX",
    "aria-describedby": "complaint",
  });
  const press = button({
    id: "pairing-go",
    words: app.t("continue"),
    press: () => {
      const code = readPairingCode(field.value);
      if (code === null) {
        problem.textContent = app.t("move.bad_code");
        field.focus();
        return;
      }
      void busy(press, () => openMeeting(app, code)).catch((error) => (problem.textContent = app.explain(error)));
    },
  });
  return {
    name: "move-old",
    title: app.t("move.old_title"),
    content: [
      h("p", { class: "lead" }, app.t("move.old_lead")),
      button({ id: "move-scan", kind: "quiet", icon: "scan", words: app.t("move.old_scan"), press: () => app.open(scanScreen, undefined) }),
      h("div", { class: "field" }, h("label", { for: "pairing-typed" }, app.t("move.old_type")), field),
      problem,
      note("danger", h("p", {}, h("strong", {}, app.t("move.old_warning"))), h("p", {}, app.t("move.old_warning_more"))),
    ],
    actions: [press],
  };
}

/**
 * Brings a code to the scheme and shows what would happen.
 * @param {Shell} app
 * @param {string} code
 * @param {"push" | "replace"} [how]
 */
export async function openMeeting(app, code, how = "push") {
  app.open(meetingScreen, { met: await meet(app.phone, code) }, how);
}

/**
 * The old phone: what happens, and whether it should.
 * @param {Shell} app
 * @param {{ met: Met }} parameters
 * @returns {View}
 */
function meetingScreen(app, { met }) {
  const { pairing, about, same_network: near } = met;
  const system = about.os ?? "";
  const clock = h("span", { class: "clock", role: "timer", "data-until": met.expires_at });
  const facts = h(
    "dl",
    { class: "facts", id: "meeting", "data-near": String(near) },
    h("div", {}, h("dt", {}, app.t("move.new_phone")), h("dd", {}, system === "" ? app.t("move.unknown_phone") : system)),
    h("div", {}, h("dt", {}, app.t("move.network")), h("dd", {}, app.t(near ? "move.near" : "move.far"))),
    h("div", {}, h("dt", {}, app.t("move.time")), h("dd", {}, clock)),
  );
  const stop = clocksOf(app, facts);
  return {
    name: "meeting",
    title: app.t("move.confirm_title"),
    content: [
      h("p", { class: "lead" }, app.t("move.confirm_lead")),
      facts,
      near ? null : note("danger", app.t("move.far_warning")),
      note("warning", app.t("move.call_warning")),
      h("p", {}, app.t("move.after")),
    ].filter((piece) => piece !== null),
    actions: [
      button({ id: "hand-over", words: app.t("move.confirm"), press: () => app.open(handOverScreen, { pairing }, "replace") }),
      button({
        id: "move-refuse",
        kind: "quiet",
        words: app.t("move.refuse"),
        press: () => void part(app.phone, pairing).catch(() => undefined).then(() => app.ways.home()),
      }),
    ],
    leave: stop,
  };
}

/**
 * The old phone: the code.
 * @param {Shell} app
 * @param {{ pairing: string, objection?: string }} parameters
 * @returns {View}
 */
function handOverScreen(app, { pairing, objection }) {
  const pad = codePad(app, {
    label: app.t("code.pad"),
    objection,
    entered: async (code) => {
      try {
        await handOver(app.phone, { pairing, code });
      } catch (error) {
        if (error instanceof Problem && error.code === "account_blocked") {
          app.ways.home();
          return null;
        }
        if (error instanceof Problem && error.code === "pairing_ended") {
          app.open(pairingEndedScreen, { why: error.why ?? "expired" }, "reset");
          return null;
        }
        throw error;
      }
      app.open(handedOverScreen, undefined, "reset");
      return null;
    },
  });
  return {
    name: "hand-over",
    title: app.t("move.code_title"),
    content: [h("p", { class: "lead" }, app.t("move.code_lead")), pad.element],
    leave: pad.leave,
  };
}

/**
 * @param {Shell} app
 * @returns {View}
 */
function handedOverScreen(app) {
  return {
    name: "handed-over",
    title: app.t("move.handed"),
    back: false,
    bare: true,
    content: [result("handed-over", "ok", "phone", app.t("move.handed"), app.t("move.handed_text"))],
    actions: [button({ id: "done-continue", words: app.t("done.continue"), press: () => app.ways.home() })],
  };
}
