// The code: for approving what was shown, and for showing what is hidden.

import { hasSensor, NotRecognised } from "../engine/fingerprints.js";
import { NoAnswer, Problem } from "../engine/problems.js";
import { codePad } from "../parts/codepad.js";
import { contentSummary } from "../parts/contents.js";
import { h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, monogram } from "../parts/pieces.js";
import { kindOf } from "./intake.js";
import { outcomeScreen } from "./outcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").Request} Request */

/**
 * @param {Shell} app
 * @param {{ request: Request, shared: string[], remember?: boolean, objection?: string }} parameters
 * @returns {View}
 */
export function approvalScreen(app, { request, shared, remember = false, objection }) {
  const partner = request.shown.partner.name;
  const pad = codePad(app, {
    label: app.t("code.pad"),
    objection,
    entered: async (code) => {
      try {
        const { returnUrl } = await app.phone.approve({ request, shared, code, remember });
        const signed = request.sealing !== null && returnUrl === null ? { text: app.t("outcome.signed", { partner }) } : {};
        app.open(outcomeScreen, { kind: "approved", partner, returnUrl, ...signed }, "reset");
        return null;
      } catch (error) {
        return explained(app, error, partner);
      }
    },
  });
  return {
    name: "approval",
    title: app.t("approval.title"),
    content: [askerLine(app, request), pad.element],
    leave: pad.leave,
  };
}

/**
 * Opens the screen that approves: fingerprint first where this phone has one and the request is content with it.
 * @param {Shell} app
 * @param {{ request: Request, shared: string[], remember?: boolean }} parameters
 */
export async function openApproval(app, parameters) {
  const { assurance, code_needed: needed = false } = parameters.request.shown;
  const basic = assurance === "basic" && !needed && parameters.request.sealing === null;
  const fingers = basic ? (await app.phone.record())?.fingers ?? [] : [];
  const offered = fingers.length > 0 && (await hasSensor());
  if (offered) app.open(fingerprintScreen, parameters);
  else app.open(approvalScreen, parameters);
}

/**
 * The sensor first, and the code one tap away. Whatever does not work leads to the code.
 * @param {Shell} app
 * @param {{ request: Request, shared: string[], remember?: boolean }} parameters
 * @returns {View}
 */
function fingerprintScreen(app, parameters) {
  const { request, shared, remember = false } = parameters;
  const partner = request.shown.partner.name;
  /** @param {string} [objection] */
  const withCode = (objection) => app.open(approvalScreen, { ...parameters, ...(objection ? { objection } : {}) }, "replace");
  const use = button({
    id: "use-fingerprint",
    icon: "finger",
    words: app.t("fingerprint.use"),
    press: () =>
      busy(use, async () => {
        try {
          const { returnUrl } = await app.phone.approve({ request, shared, remember });
          app.open(outcomeScreen, { kind: "approved", partner, returnUrl }, "reset");
        } catch (error) {
          if (error instanceof NotRecognised) return withCode(app.t("fingerprint.not_recognised"));
          const objection = explained(app, error, partner);
          if (objection !== null) withCode(objection);
        }
      }),
  });
  return {
    name: "approval-fingerprint",
    title: app.t("fingerprint.approve_title"),
    content: [
      askerLine(app, request),
      h("div", { class: "figure figure-big figure-plain" }, icon("finger")),
      h("p", { class: "lead" }, app.t("fingerprint.approve_lead")),
    ],
    actions: [
      use,
      button({ id: "use-code", kind: "quiet", icon: "lock", words: app.t("fingerprint.use_code"), press: () => withCode() }),
    ],
  };
}

/**
 * @param {Shell} app
 * @param {Request} request
 */
function askerLine(app, request) {
  return h(
    "div",
    { class: "asker asker-small" },
    monogram(request.shown.partner.name),
    h("p", { id: "approving", dir: "auto" }, approving(app, request)),
  );
}

/**
 * @param {Shell} app
 * @param {Request} request
 * @returns {string} once more in one line what the code will approve
 */
function approving(app, { shown, contents }) {
  const partner = shown.partner.name;
  const signature = contents.find((content) => content.type === "signature");
  if (signature !== undefined) return contentSummary(app, signature);
  const [only] = contents;
  if (only !== undefined && contents.length === 1 && only.type !== "text") return contentSummary(app, only);
  if (only !== undefined) return app.t("approval.confirm", { partner });
  return app.t(shown.type === "authentication" ? "approval.log_in" : "approval.share", { partner });
}

/**
 * @param {Shell} app
 * @param {unknown} error of an approval or reveal
 * @param {string} partner
 * @returns {string | null} a sentence for the pad; `null` when another screen says it
 */
function explained(app, error, partner) {
  if (error instanceof NoAnswer) {
    // Nothing may be typed again now: the message with this code is kept and decides.
    app.open(outcomeScreen, { kind: "no_answer", text: app.explain(error), partner }, "reset");
    return null;
  }
  if (error instanceof Problem && error.code === "account_blocked") {
    app.open(outcomeScreen, { kind: "blocked", text: app.explain(error), partner }, "reset");
    return null;
  }
  if (ends(error)) {
    app.open(outcomeScreen, { kind: kindOf(error), text: app.explain(error), partner }, "reset");
    return null;
  }
  return app.explain(error);
}

/** @param {unknown} error */
export function ends(error) {
  return error instanceof Problem && kindOf(error) === "over";
}

/**
 * Showing protected values in full costs a code, here and in the history.
 * @param {Shell} app
 * @param {{ reveal: (code: string) => Promise<Record<string, unknown>> }} parameters `reveal` gives what is shown now
 * @returns {View}
 */
export function revealScreen(app, { reveal }) {
  const pad = codePad(app, {
    label: app.t("code.pad"),
    entered: async (code) => {
      try {
        const values = await reveal(code);
        if (Object.keys(values).length === 0) return app.t("reveal.not_now");
        app.back();
        return null;
      } catch (error) {
        return explained(app, error, "");
      }
    },
  });
  return {
    name: "reveal",
    title: app.t("reveal.title"),
    content: [h("p", { class: "lead" }, app.t("reveal.lead")), pad.element],
    leave: pad.leave,
  };
}
