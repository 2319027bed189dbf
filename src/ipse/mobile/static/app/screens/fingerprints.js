// Fingerprint or face in place of the code: what it is for, adding one, the list, taking one away.

import { addFingerprint, fingerprints, hasSensor, NotRecognised, removeFingerprint } from "../engine/fingerprints.js";
import { NoAnswer, Problem } from "../engine/problems.js";
import { momentWords } from "../parts/attributes.js";
import { codePad } from "../parts/codepad.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, note, row, waiting } from "../parts/pieces.js";
import { outcomeScreen } from "./outcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/fingerprints.js").Fingerprint} Fingerprint */

/** On one phone. */
const MOST = 5;

/**
 * The line in the settings: only where the phone can.
 * @param {Shell} app
 */
export function fingerprintRow(app) {
  const line = row({
    id: "settings-fingerprint",
    icon: icon("finger"),
    words: app.t("fingerprint.title"),
    below: app.t("fingerprint.more"),
    press: () => app.open(fingerprintsScreen, undefined),
  });
  line.hidden = true;
  void hasSensor().then((there) => (line.hidden = !there));
  return line;
}

/**
 * @param {Shell} app
 * @returns {View}
 */
function fingerprintsScreen(app) {
  const problem = complaint();
  const list = h("div", {}, waiting(app.t("loading")));
  const add = button({
    id: "fingerprint-add",
    icon: "finger",
    words: app.t("fingerprint.add"),
    press: () => app.open(addingScreen, {}),
  });

  async function load() {
    const found = await fingerprints(app.phone);
    add.hidden = found.length >= MOST;
    if (found.length === 0) return fill(list, h("p", { class: "empty", id: "no-fingerprints" }, app.t("fingerprint.none")));
    const lines = found.map((one) => line(app, one, load, failed));
    fill(list, h("ul", { class: "list", id: "fingerprints", "aria-label": app.t("fingerprint.list") }, lines));
  }

  /** @param {unknown} error */
  function failed(error) {
    problem.textContent = app.explain(error);
  }

  load().catch((error) => {
    fill(list);
    failed(error);
  });
  return {
    name: "fingerprints",
    title: app.t("fingerprint.title"),
    content: [
      h("p", { class: "lead" }, app.t("fingerprint.lead")),
      note("info", h("p", {}, app.t("fingerprint.not_for"))),
      h("p", { class: "hint" }, app.t("fingerprint.who_else")),
      problem,
      list,
    ],
    actions: [add],
  };
}

/**
 * @param {Shell} app
 * @param {Fingerprint} one
 * @param {() => Promise<void>} again
 * @param {(error: unknown) => void} failed
 */
function line(app, { credential, created_at: created, used_at: used }, again, failed) {
  const moment = momentWords(app, created * 1000);
  const below = used === null ? app.t("fingerprint.unused") : app.t("fingerprint.used", { moment: momentWords(app, used * 1000) });
  const press = h(
    "button",
    { type: "button", class: "text-button", "data-remove": credential, "aria-label": app.t("fingerprint.remove_label", { moment }) },
    app.t("fingerprint.remove"),
  );
  press.addEventListener("click", () =>
    void busy(press, async () => {
      await removeFingerprint(app.phone, credential);
      app.announce(app.t("fingerprint.removed"));
      await again();
    }).catch(failed),
  );
  return h(
    "li",
    { class: "known-browser", "data-fingerprint": credential },
    h("span", { class: "row-icon" }, icon("finger")),
    h(
      "span",
      { class: "row-words" },
      h("span", { class: "row-main" }, app.t("fingerprint.since", { moment })),
      h("span", { class: "row-below" }, below),
    ),
    press,
  );
}

/**
 * The code first, then the sensor.
 * @param {Shell} app
 * @param {{ objection?: string }} parameters
 * @returns {View}
 */
function addingScreen(app, { objection }) {
  const pad = codePad(app, {
    label: app.t("code.pad"),
    objection,
    entered: async (code) => {
      try {
        const { name } = await app.phone.configuration();
        await addFingerprint(app.phone, { code, name });
        app.announce(app.t("fingerprint.added"));
        app.back();
        return null;
      } catch (error) {
        if (error instanceof NotRecognised) return app.t("fingerprint.cancelled");
        if (error instanceof NoAnswer) {
          app.open(outcomeScreen, { kind: "no_answer", text: app.explain(error), partner: "" }, "reset");
          return null;
        }
        if (error instanceof Problem && error.code === "account_blocked") {
          app.ways.home();
          return null;
        }
        return app.explain(error);
      }
    },
  });
  return {
    name: "fingerprint-code",
    title: app.t("fingerprint.add"),
    content: [h("p", { class: "lead" }, app.t("fingerprint.code_lead")), pad.element],
    leave: pad.leave,
  };
}
