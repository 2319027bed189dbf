// Requests of one partner that come in a burst are one line, which opens to all of them.

import { h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { monogram } from "../parts/pieces.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../engine/phone.js").HistoryEntry} HistoryEntry */

const WINDOW_SECONDS = 600;

/**
 * Neighbours of the same kind together, in their order.
 * @template T
 * @param {T[]} entries
 * @param {(entry: T) => string} kind
 * @param {(first: T, next: T) => boolean} [near]
 * @returns {T[][]}
 */
export function bursts(entries, kind, near = () => true) {
  /** @type {T[][]} */
  const groups = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    const [first] = last ?? [];
    if (last !== undefined && first !== undefined && kind(first) === kind(entry) && near(first, entry)) last.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

/**
 * Past requests: of one partner within ten minutes, none of them approved. What was approved always stands alone.
 * @param {HistoryEntry[]} entries
 */
export function unapproved(entries) {
  return bursts(
    entries,
    ({ partner, outcome, action }) => (outcome === "approved" ? action : partner),
    (first, next) => Math.abs(first.at - next.at) <= WINDOW_SECONDS,
  );
}

/**
 * @template {{ partner: string }} T
 * @param {Shell} app
 * @param {T[]} group
 * @param {(app: Shell, entry: T) => Node} one
 * @returns {Node}
 */
export function burstRow(app, group, one) {
  const [first] = group;
  if (first === undefined || group.length === 1) return first === undefined ? h("li") : one(app, first);
  const count = String(group.length);
  return h(
    "li",
    { class: "burst", "data-burst": count },
    h(
      "details",
      {},
      h(
        "summary",
        { class: "row" },
        h("span", { class: "row-icon" }, monogram(first.partner)),
        h(
          "span",
          { class: "row-words" },
          h("span", { class: "row-main" }, app.t("burst.title", { count, partner: first.partner })),
          h("span", { class: "row-below" }, app.t("burst.below")),
        ),
        h("span", { class: "row-next" }, icon("down")),
      ),
      h("ul", { class: "list" }, group.map((entry) => one(app, entry))),
    ),
  );
}
