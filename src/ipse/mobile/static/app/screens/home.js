// Home: the identity, what waits for an approval, what was approved before.

import { asPastContent } from "../engine/contents.js";
import { NoAnswer, Problem } from "../engine/problems.js";
import { momentWords } from "../parts/attributes.js";
import { contentSummary } from "../parts/contents.js";
import { fill, h } from "../parts/dom.js";
import { icon, mark } from "../parts/icons.js";
import { busy, button, monogram, note, row, waiting } from "../parts/pieces.js";
import { burstRow, bursts, unapproved } from "./bursts.js";
import { checkScreen } from "./check.js";
import { clocksOf } from "./countdown.js";
import { digitsScreen } from "./digits.js";
import { entryScreen } from "./entry.js";
import { invite } from "./fallbacks.js";
import { elsewhereNotes, numberScreen } from "./identity.js";
import { openingScreen } from "./intake.js";
import { evidenceNote } from "./renewal.js";
import { stoppedScreen } from "./welcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/store.js").Account} Account */
/** @typedef {import("../engine/phone.js").Home} Home */
/** @typedef {import("../engine/phone.js").HistoryEntry} HistoryEntry */
/** @typedef {import("../engine/phone.js").OpenRequest} OpenRequest */

/**
 * @param {Shell} app
 * @returns {View}
 */
export function homeScreen(app) {
  const card = h("section", { class: "identity" });
  const news = h("div", { class: "stack" });
  const requests = h("section", { id: "requests", "aria-labelledby": "requests-title" });
  const invitation = h("section", {});
  const past = h("section", { "aria-labelledby": "history-title" });
  const list = h("ul", { class: "list", id: "history" });
  let known = -1;

  /** @param {Home} home */
  function draw(home) {
    drawCard(app, card, home.account, home.name, home.level);
    drawNews(app, news, home);
    drawRequests(app, requests, home);
    void invite(app, invitation);
    if (home.open.length > known && known >= 0) app.announce(app.t("home.new_request"));
    if (home.open.length !== known && home.account.state !== "waiting") void loadHistory();
    known = home.open.length;
  }

  async function loadHistory() {
    const page = await app.phone.history(null).catch(() => null);
    if (page === null) return;
    fill(list, page.entries.length === 0 ? empty(app) : pastRows(app, page.entries));
    fill(past, h("h2", { id: "history-title" }, app.t("home.history")), list, more(app, list, page.next));
  }

  /** @param {Error} error */
  async function failed(error) {
    const record = await app.phone.record();
    if (record?.stage === "stopped") return app.open(stoppedScreen, { why: record.stopped ?? "" }, "reset");
    drawCard(app, card, record?.account ?? null, record?.name ?? "", "");
    fill(requests);
    const told = error instanceof Problem && error.code === "account_blocked";
    fill(news, told ? trouble(app, record?.account ?? null) : note("warning", h("p", {}, app.explain(error)), checkFirst(app)));
  }

  fill(requests, waiting(app.t("loading")));
  void app.phone.record().then((record) => {
    if (record !== null && !card.hasChildNodes()) drawCard(app, card, record.account, record.name, "");
  });
  const silence = app.live.listen({ home: draw, trouble: failed });
  const stopClocks = clocksOf(app, requests);
  if (app.live.latest !== null) draw(app.live.latest);
  if (!navigator.onLine) void failed(new NoAnswer("home")); // says at once what waiting would find out
  return {
    name: "home",
    title: app.t("home.title"),
    tab: "home",
    back: false,
    content: [card, news, requests, invitation, past],
    leave: () => {
      silence();
      stopClocks();
    },
  };
}

/**
 * @param {Shell} app
 * @param {Element} card
 * @param {Account | null} account
 * @param {string} name
 * @param {string} level
 */
function drawCard(app, card, account, name, level) {
  const state = account?.state ?? "unknown";
  card.setAttribute("data-state", state);
  fill(
    card,
    mark(),
    h("p", { class: "identity-kind" }, "Ipse"),
    h("p", { class: "identity-name" }, name || app.t("home.you")),
    h(
      "p",
      { class: "identity-state", id: "account-state", "data-state": state },
      icon(state === "active" ? "check" : state === "blocked" ? "block" : "clock"),
      app.words(`account.${state}`, "account.unknown"),
      level === "" || state !== "active"
        ? null
        : h("span", { class: "identity-level" }, app.words(`level.${level}`, "level.other")),
    ),
  );
}

/** As many notes as a person reads at once. */
const NOTES = 2;

/**
 * What matters most stands first and is always seen: an identity that somebody takes elsewhere, one that does not work,
 * then what limits it. Whatever comes after the second note waits behind one line.
 * @param {Shell} app
 * @param {Element} news
 * @param {Home} home
 */
function drawNews(app, news, home) {
  const urgent = elsewhereNotes(app, home.elsewhere ?? []);
  const ended = (home.evidence?.expires_at ?? Infinity) * 1000 < Date.now();
  const limits = [evidenceNote(app, home), simNote(app, home)];
  const calm = [
    trouble(app, home.account, home.waits_until),
    incidentNote(app, home.incident),
    ...(ended ? limits : limits.reverse()),
  ].filter((each) => each !== null);
  const room = Math.max(NOTES - urgent.length, 0);
  const later = calm.slice(room);
  const opened = news.querySelector("details")?.open ?? false;
  fill(news, ...urgent, ...calm.slice(0, room), later.length === 0 ? null : laterNotes(app, later, opened));
}

/**
 * @param {Shell} app
 * @param {HTMLElement[]} notes
 * @param {boolean} opened by the person, before this was drawn again
 */
function laterNotes(app, notes, opened) {
  const words = notes.length === 1 ? app.t("home.one_more_note") : app.t("home.more_notes", { count: String(notes.length) });
  return h(
    "details",
    { class: "more-notes", open: opened },
    h("summary", { id: "more-notes" }, words),
    h("div", { class: "stack" }, notes),
  );
}

/**
 * One calm sentence, with more for those who want it.
 * @param {Shell} app
 * @param {{ sentence: Record<string, string>, url?: string } | null} incident
 */
function incidentNote(app, incident) {
  if (incident === null) return null;
  const { url } = incident;
  const more =
    url === undefined
      ? null
      : h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, app.t("home.incident_more"));
  return note("info", incidentSentence(app, incident), " ", more);
}

/**
 * Before anybody deletes the app: what is well, what is not, what to do.
 * @param {Shell} app
 */
function checkFirst(app) {
  const press = () => app.open(checkScreen, undefined);
  return h("button", { type: "button", class: "text-button", id: "home-check", onclick: press }, app.t("home.check"));
}

/**
 * Says what works while the mobile operator does not answer for the SIM, and what happens next.
 * @param {Shell} app
 * @param {Home} home
 */
function simNote(app, { sim, account }) {
  if (sim?.state !== "reduced" || account.state !== "active") return null;
  const unproven = sim.number_proven === false;
  return note(
    "warning",
    h("p", { class: "note-title" }, app.t("home.sim_reduced.title")),
    h("p", { id: "sim-reduced" }, app.t(unproven ? "home.sim_unproven.text" : "home.sim_reduced.text")),
    unproven
      ? button({
          id: "prove-number",
          kind: "quiet",
          words: app.t("home.sim_unproven.go"),
          press: () => app.open(numberScreen, { number: "" }),
        })
      : null,
  );
}

/**
 * @param {Shell} app
 * @param {{ sentence: Record<string, string> }} incident
 */
export function incidentSentence(app, incident) {
  return incident.sentence[app.language] ?? incident.sentence["en"] ?? "";
}

/**
 * @param {Shell} app
 * @param {Account | null} account
 * @param {number} [until] unix seconds, of an identity that moves here
 */
function trouble(app, account, until = 0) {
  if (account === null || account.state === "active") return null;
  if (account.state === "waiting")
    return note("info", h("p", { id: "waits-until" }, app.t("account.waiting.text", { until: momentWords(app, until * 1000) })));
  const words = app.words(
    `account.${account.state}.${account.why ?? "other"}`,
    account.state === "blocked" ? "account.blocked.other" : "account.pending.other",
  );
  const again = h(
    "button",
    { type: "button", class: "text-button", id: "start-again", onclick: () => void app.ways.startAgain() },
    app.t("home.activate_again"),
  );
  return note(account.state === "blocked" ? "danger" : "warning", h("p", {}, words), again);
}

/**
 * @param {Shell} app
 * @param {Element} section
 * @param {Home} home
 */
function drawRequests(app, section, { open, account }) {
  if (account.state !== "active") return fill(section);
  const heading = h("h2", { id: "requests-title" }, app.t("home.requests"));
  if (open.length === 0) {
    return fill(section, heading, h("div", { class: "empty" }, icon("scan"), h("p", {}, app.t("home.no_requests"))));
  }
  const rows = bursts(open, ({ partner }) => partner).map((group) => burstRow(app, group, requestRow));
  return fill(section, heading, h("ul", { class: "list" }, rows));
}

/**
 * @param {Shell} app
 * @param {OpenRequest} request
 */
function requestRow(app, request) {
  const { action, partner, broker = "", service, expires_at: until, claimed = true } = request;
  return row({
    icon: monogram(partner),
    words: partner,
    below: [
      broker === "" ? null : h("span", { class: "row-confirmed" }, app.t("request.through", { broker })),
      h("span", {}, service),
    ],
    aside: h("span", { class: "clock", role: "timer", "data-until": until, "data-short": true }),
    data: { action, claimed: String(claimed) },
    tone: "row-waiting",
    press: () => openRequest(app, request),
  });
}

/**
 * One that this phone holds is shown again; one that was addressed to it is taken first, with the two digits of
 * whoever started it where they are asked for.
 * @param {Shell} app
 * @param {OpenRequest} request
 */
export function openRequest(app, request, how = /** @type {"push" | "replace"} */ ("push")) {
  const { action, claimed = true, digits = false } = request;
  if (claimed) return app.open(openingScreen, { action }, how);
  if (digits) return app.open(digitsScreen, { start: { action }, addressed: request }, how);
  return app.open(openingScreen, { claim: { action } }, how);
}

/**
 * @param {Shell} app
 * @param {HistoryEntry[]} entries
 */
function pastRows(app, entries) {
  return unapproved(entries).map((group) => burstRow(app, group, entryRow));
}

/** @param {Shell} app */
function empty(app) {
  return h("li", { class: "empty" }, icon("clock"), h("p", {}, app.t("home.no_history")));
}

/**
 * @param {Shell} app
 * @param {HistoryEntry} entry
 */
function entryRow(app, entry) {
  return row({
    icon: monogram(entry.partner),
    words: entry.partner,
    below: entryWords(app, entry),
    data: { entry: entry.action, outcome: entry.outcome },
    tone: entry.outcome === "approved" ? "" : "row-faded",
    press: () => app.open(entryScreen, { entry }),
  });
}

/**
 * @param {Shell} app
 * @param {HistoryEntry} entry
 */
function entryWords(app, { outcome, at, confirmed = [] }) {
  const ending = `${app.words(`outcome.${outcome}`, "outcome.failed")} · ${momentWords(app, at * 1000)}`;
  const contents = confirmed.map(asPastContent);
  const signature = contents.find((each) => each?.type === "signature") ?? null;
  const content = signature ?? contents[0] ?? null;
  if (content === null) return ending;
  const more = signature === null && confirmed.length > 1 ? " …" : "";
  return [h("span", { class: "row-confirmed", dir: "auto" }, contentSummary(app, content) + more), h("span", {}, ending)];
}

/**
 * @param {Shell} app
 * @param {Element} list
 * @param {number | null} next
 * @returns {HTMLElement | null} the way to older entries
 */
function more(app, list, next) {
  if (next === null) return null;
  let before = next;
  const pressed = h("button", { type: "button", class: "text-button", id: "history-more" }, app.t("home.earlier"));
  pressed.addEventListener("click", () =>
    busy(pressed, async () => {
      const page = await app.phone.history(before);
      list.append(...pastRows(app, page.entries));
      if (page.next === null) pressed.remove();
      else before = page.next;
    }).catch((error) => app.announce(app.explain(error), "assertive")),
  );
  return pressed;
}
