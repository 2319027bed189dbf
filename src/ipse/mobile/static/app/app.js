// Ipse on a phone: where everything is put together and started.
//
// What browser tests can hold on to (ids and data attributes that stay; the whole list is in
// tests/javascript/README.md):
//   every screen      main#screen[data-screen="…"], #title, #back, #complaint; tabs #tab-home #scan #tab-settings
//   welcome           #welcome-start, #language
//   terms, contact    #accept-terms, #continue; #phone-country, #phone-number, #email, #continue
//   bank              #bank-list [data-bank="bank-vesta"]
//   card, card-scan   #card-address, #card-code[data-code], #card-scan, #card-here; #camera, #scan-hint, #card-back
//   received          #received [data-attribute="…"], #received-continue
//   codes             #code-pad [data-digit="1"], #code-erase, #code-complaint
//   done              #done[data-state], #done-continue
//   renew             #evidence[data-ended], #renew, #renew-list [data-bank="…"]; #renewal-done
//   home              #account-state[data-state], #requests [data-action], #history [data-entry][data-outcome]
//   scan, paste       #camera, #scan-hint, #scan-paste; #paste, #paste-continue; #digits, #digits-continue
//   connecting        #connecting, #cancel
//   request           #partner, #broker, #service, #purpose, [data-confirm] [data-part], #strange, [data-attribute],
//                     #documents [data-document], #all-documents, #find-document, #differs; document: #open-file #document-back
//                     [data-share], [data-reveal], #approve, #refuse, #not-me
//   outcome           #outcome[data-outcome], #return-link, #block-identity, #outcome-home, #try-again
//   elsewhere         #elsewhere, #stopped[data-why], #ended[data-why], #start-again
//   duress, sheets    #duress-tell #duress-set #duress-remove; #sheets [data-sheet], #sheet-own #sheet-contact #sheet-code
//   approval          #use-fingerprint, #use-code; fingerprints #fingerprint-add [data-fingerprint] [data-remove]
//   waking            #waking, #waking-denied
//   settings          #settings-fingerprint #settings-waking #settings-language #settings-code #settings-duress #settings-sheets #settings-check #settings-name #settings-block #settings-remove

import { b64u } from "./engine/encoding.js";
import { randomBytes } from "./engine/crypto.js";
import { Device, familyOf } from "./engine/device.js";
import { Live } from "./engine/live.js";
import { bringNumber } from "./engine/moving.js";
import { Phone } from "./engine/phone.js";
import { Problem } from "./engine/problems.js";
import { startOfFragment } from "./engine/starts.js";
import { browserStore } from "./engine/store.js";
import { keepWaking } from "./engine/waking.js";
import { chooseLanguage, LANGUAGES, loadCatalogue } from "./parts/language.js";
import { Shell } from "./parts/shell.js";
import { atBankScreen, endedScreen } from "./screens/activate.js";
import { cardScreen } from "./screens/card.js";
import { homeScreen } from "./screens/home.js";
import { numberDoneScreen } from "./screens/identity.js";
import { openingScreen, waitingScreen } from "./screens/intake.js";
import { outcomeScreen, showFinished } from "./screens/outcome.js";
import { pairingScreen } from "./screens/moving.js";
import { receivedScreen } from "./screens/received.js";
import { renewalReturned } from "./screens/renewal.js";
import { scanScreen } from "./screens/scan.js";
import { settingsScreen } from "./screens/settings.js";
import { elsewhereScreen, stoppedScreen, welcomeScreen } from "./screens/welcome.js";

/** @typedef {import("./engine/starts.js").Start} Start */
/** @typedef {import("./engine/store.js").PhoneRecord} PhoneRecord */

/** One message at a time, over all tabs of this browser. */
const LOCK = "ipse message";

/** @type {import("./engine/messages.js").World} */
const world = {
  fetch: window.fetch.bind(window),
  alone: async (work) => navigator.locks.request(LOCK, work),
  outdated: () => void renewApp(),
  now: Date.now,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** Fetches a newer app, and goes on with it as soon as it is here. A person sees meanwhile that this one is too old. */
async function renewApp() {
  const workers = navigator.serviceWorker;
  if (workers === undefined) return;
  workers.addEventListener("controllerchange", () => location.reload(), { once: true });
  await (await workers.getRegistration())?.update().catch(() => undefined);
}

/**
 * What this installation of the app is; made once, when it is opened for the first time.
 * @param {import("./engine/store.js").Lasting} store
 * @returns {Promise<Device>}
 */
async function thisDevice(store) {
  let installation = await store.installation();
  if (installation === null) {
    installation = { id: b64u(randomBytes(16)), installed: new Date().toISOString().slice(0, 10), label: "" };
    await store.keepInstallation(installation);
  }
  const { userAgent, maxTouchPoints: touchPoints } = navigator;
  /** @type {string | undefined} */
  const platform = /** @type {any} */ (navigator).userAgentData?.platform;
  return new Device({
    installation,
    os: familyOf({ platform, userAgent, touchPoints }),
    keep: (changed) => store.keepInstallation(changed),
  });
}

/**
 * Takes the start out of the address bar, so that it is neither seen, copied nor opened twice.
 * @returns {Start | null}
 */
function takeStart() {
  const start = startOfFragment(location.hash);
  if (location.hash !== "") history.replaceState(history.state, "", "/");
  return start;
}

/**
 * @param {Shell} app
 * @param {Start | null} start
 */
async function route(app, start) {
  const record = await app.phone.record();
  if (record === null || record.stage === "new") return routeWithoutPhone(app, start);
  if (record.stage === "stopped") return app.open(stoppedScreen, { why: record.stopped ?? "" }, "reset");
  if (record.stage === "pairing" && record.enrolment !== null)
    return app.open(pairingScreen, { enrolment: record.enrolment }, "reset");
  if (record.stage === "living") return routeStart(app, start);
  return routeActivation(app, record, start);
}

/**
 * @param {Shell} app
 * @param {Start | null} start
 */
function routeWithoutPhone(app, start) {
  if (start?.kind === "ended") return app.open(endedScreen, { why: start.value }, "reset");
  if (start?.kind === "return") return app.open(endedScreen, { why: "other_browser" }, "reset");
  if (start !== null) return app.open(elsewhereScreen, undefined, "reset");
  return app.open(welcomeScreen, undefined, "reset");
}

/**
 * @param {Shell} app
 * @param {Start | null} start
 */
function routeStart(app, start) {
  if (start?.kind === "return" || start?.kind === "ended") return void comeBack(app, start);
  app.open(homeScreen, undefined, "reset");
  if (start?.kind === "link") app.open(openingScreen, { claim: { link: start.value } });
  if (start?.kind === "frame") app.open(openingScreen, { frame: start.value });
}

/**
 * The browser came back from what it was sent to: a registrar, or the proof of another number.
 * @param {Shell} app
 * @param {Start} start
 */
async function comeBack(app, start) {
  const record = await app.phone.record();
  return record?.renewal ? renewalReturned(app, start) : numberReturned(app, start);
}

/**
 * The browser came back from the proof of another number.
 * @param {Shell} app
 * @param {Start} start
 */
async function numberReturned(app, { kind, value }) {
  app.open(waitingScreen, undefined, "reset");
  try {
    if (kind === "ended") throw new Problem({ code: "enrolment_ended", why: value });
    await bringNumber(app.phone, value);
    app.open(numberDoneScreen, { changed: true, text: app.t("number.done_text") }, "reset");
  } catch (error) {
    const why = error instanceof Problem ? (error.why ?? error.code) : "";
    const text = error instanceof Problem ? app.words(`ended.${why}`, "ended.other") : app.explain(error);
    app.open(numberDoneScreen, { changed: false, text }, "reset");
  }
}

/**
 * An activation is under way: come back from the registrar, or not yet.
 * @param {Shell} app
 * @param {PhoneRecord} record
 * @param {Start | null} start
 */
async function routeActivation(app, record, start) {
  const { enrolment } = record;
  if (enrolment === null) return app.open(welcomeScreen, undefined, "reset");
  if (record.stage === "received") return app.open(receivedScreen, { record, enrolment }, "reset");
  if (start?.kind === "ended") {
    await app.phone.forget(); // an enrolment that has ended leads nowhere any more
    return app.open(endedScreen, { why: start.value }, "reset");
  }
  if (start?.kind !== "return") {
    if (start !== null) return app.open(elsewhereScreen, undefined, "reset");
    if (enrolment.card !== undefined) return app.open(cardScreen, { enrolment }, "reset");
    return app.open(atBankScreen, { startUrl: enrolment.startUrl, bank: enrolment.registrarName }, "reset");
  }
  app.open(waitingScreen, undefined, "reset");
  try {
    await app.phone.presentReturn(start.value);
    await route(app, null);
  } catch (error) {
    const stale = error instanceof Problem && error.code === "stale_return";
    if (stale) app.open(cardScreen, { enrolment, objection: app.t("scan.stale") }, "reset");
    else if (error instanceof Problem) app.open(endedScreen, { why: error.why ?? error.code }, "reset");
    else app.open(outcomeScreen, { kind: "no_answer", partner: "", text: app.explain(error) }, "reset");
  }
}

/** Messages whose answer a person waits for; all others are sent again by whoever sends next. */
const AWAITED = new Set(["approval", "enrolment-return", "activate", "change-code", "take-over", "hand-over", "delete-identity"]);

/**
 * A message that was left without answer goes first, and its result is shown where a person waits for it.
 * @param {Shell} app
 * @returns {Promise<boolean>} whether a result is on the screen
 */
async function finishWaiting(app) {
  const record = await app.phone.record();
  if (!AWAITED.has(record?.pending?.type ?? "")) {
    app.phone.finish().catch(() => undefined);
    return false;
  }
  app.open(waitingScreen, undefined, "reset");
  try {
    return showFinished(app, await app.phone.finish());
  } catch (error) {
    app.open(outcomeScreen, { kind: "no_answer", partner: "", text: app.explain(error) }, "reset");
    return true;
  }
}

async function start() {
  const first = takeStart();
  const store = browserStore();
  const language = chooseLanguage([await store.language(), ...navigator.languages]);
  const [catalogue, { base }] = await Promise.all([loadCatalogue(language), (await fetch("/app.json")).json()]);
  const phone = new Phone({ base, store, world, device: await thisDevice(store) });
  const live = new Live({ phone, base });
  /** @type {Shell} */
  const app = new Shell({
    phone,
    live,
    language,
    catalogue,
    origins: [location.origin],
    ways: {
      home: () => void route(app, null),
      scan: () => app.open(scanScreen, undefined),
      settings: () => app.open(settingsScreen, undefined, "reset"),
      ended: (why) => app.open(endedScreen, { why }, "reset"),
      startAgain: async () => {
        live.latest = null;
        await phone.forget();
        app.open(welcomeScreen, undefined, "reset");
      },
      changeLanguage: async (wish) => {
        const chosen = LANGUAGES.find((known) => known === wish);
        if (chosen === undefined) return;
        await store.keepLanguage(chosen);
        app.speak(chosen, await loadCatalogue(chosen));
        app.again();
        if ((await phone.record())?.stage === "living") await phone.setLanguage(chosen).catch(() => undefined);
      },
    },
  });
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    app.install = /** @type {import("./parts/shell.js").InstallPrompt} */ (event);
  });
  window.addEventListener("hashchange", () => {
    const opened = takeStart();
    if (opened !== null) void route(app, opened);
  });
  if (!(await finishWaiting(app))) await route(app, first);
  followWorker(app);
}

/**
 * The service worker: keeps this app for days without connection, brings a newer one, wakes.
 * @param {Shell} app
 */
function followWorker(app) {
  const workers = navigator.serviceWorker;
  if (workers === undefined) return;
  workers.addEventListener("message", ({ data }) => {
    if (data?.type === "woken") void route(app, null);
  });
  void workers.register("/sw.js", { updateViaCache: "none" }).catch(() => undefined);
  keepWaking(app.phone).catch(() => undefined);
}

start().catch((error) => {
  const screen = document.getElementById("screen");
  if (screen !== null)
    screen.textContent = `Ipse could not start. Check your connection and open it again. (${String(error?.name ?? error)})`;
});
