// One past request: who asked, how it ended, what was shared and what was not.

import { asPastContent } from "../engine/contents.js";
import { attributeLabel, attributeValue, momentWords } from "../parts/attributes.js";
import { contentCard } from "../parts/contents.js";
import { h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { monogram, note } from "../parts/pieces.js";
import { revealScreen } from "./approval.js";
import { maskedWords } from "./request.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").HistoryEntry} HistoryEntry */
/** @typedef {{ entry: HistoryEntry, seen?: Record<string, unknown> }} Parameters */

/**
 * @param {Shell} app
 * @param {Parameters} parameters
 * @returns {View}
 */
export function entryScreen(app, parameters) {
  const { entry } = parameters;
  const seen = (parameters.seen ??= {});
  const outcome = app.words(`outcome.${entry.outcome}`, "outcome.failed");
  return {
    name: "entry",
    title: entry.partner,
    bare: true,
    content: [
      h(
        "div",
        { class: "asker", "data-entry": entry.action },
        monogram(entry.partner),
        h(
          "div",
          {},
          h("h1", { id: "title", tabindex: "-1", class: "asker-name" }, entry.partner),
          entry.broker ? h("p", { class: "asker-broker" }, app.t("request.through", { broker: entry.broker })) : null,
          h("p", { class: "asker-service" }, entry.service),
        ),
      ),
      h(
        "p",
        { class: `badge badge-${entry.outcome}`, id: "entry-outcome", "data-outcome": entry.outcome },
        icon(entry.outcome === "approved" ? "check" : entry.outcome === "expired" ? "clock" : "cross"),
        outcome,
      ),
      ...confirmed(app, entry),
      h(
        "dl",
        { class: "facts" },
        line(app.t("entry.when"), momentWords(app, entry.at * 1000)),
        line(app.t("entry.what"), app.words(`type.${entry.type}`, "type.other")),
        entry.start ? line(app.t("entry.start"), app.words(`start.${entry.start}`, "start.other")) : null,
        entry.method ? line(app.t("entry.method"), app.words(`method.${entry.method}`, "method.other")) : null,
      ),
      entry.outcome === "approved" && !onlyConfirmed(entry) ? sharedFacts(app, parameters, seen) : null,
      entry.declined.length === 0
        ? null
        : h(
            "section",
            { "aria-labelledby": "declined-title" },
            h("h2", { id: "declined-title" }, app.t("entry.declined")),
            h(
              "ul",
              { class: "plain-list", id: "declined" },
              entry.declined.map((name) => h("li", {}, icon("cross"), attributeLabel(app, name))),
            ),
          ),
    ],
  };
}

/**
 * What was confirmed, as it was shown then.
 * @param {Shell} app
 * @param {HistoryEntry} entry
 */
function confirmed(app, { confirmed: documents = [] }) {
  const contents = documents.map(asPastContent);
  const signed = contents.some((content) => content?.type === "signature");
  return (signed ? contents.toReversed() : contents).map((content) =>
    content === null ? note("info", app.t("entry.not_shown")) : contentCard(app, content),
  );
}

/** @param {HistoryEntry} entry */
function onlyConfirmed({ confirmed: documents = [], shared }) {
  return documents.length > 0 && shared.length === 0;
}

/**
 * @param {string} label
 * @param {...import("../parts/dom.js").Child} value
 */
function line(label, ...value) {
  return h("div", {}, h("dt", {}, label), h("dd", {}, ...value));
}

/**
 * @param {Shell} app
 * @param {Parameters} parameters
 * @param {Record<string, unknown>} seen
 */
function sharedFacts(app, { entry }, seen) {
  const heading = h("h2", { id: "shared-title" }, app.t("entry.shared"));
  if (entry.shared.length === 0)
    return h("section", {}, heading, h("p", { class: "hint" }, app.t("entry.nothing_shared")));
  const lines = entry.shared.map(({ name, value, masked }) => {
    const label = attributeLabel(app, name);
    if (masked === undefined || name in seen)
      return line(label, attributeValue(app, name, name in seen ? seen[name] : value));
    const show = h(
      "button",
      {
        type: "button",
        class: "show",
        "data-reveal": name,
        "aria-label": app.t("request.show_label", { label }),
        onclick: () =>
          app.open(revealScreen, {
            reveal: async (code) => {
              const values = await app.phone.revealEntry({ action: entry.action, code });
              Object.assign(seen, values);
              return values;
            },
          }),
      },
      icon("eye"),
      app.t("request.show"),
    );
    return line(label, maskedWords(app, masked), show);
  });
  return h("section", { "aria-labelledby": "shared-title" }, heading, h("dl", { class: "facts", id: "shared" }, lines));
}
