// Answers a page's Web eID messages, as the Web eID browser extension does. Used by the extension of this folder, and by
// browser tests as a script of their own. No module, because content scripts are none.
// @ts-check

/**
 * @typedef {{ kind: "authenticate" | "certificate" | "sign", [name: string]: unknown }} Asked
 * @typedef {{ result?: Record<string, unknown>, error?: { code: string, message: string } }} Answered
 */

/** Web eID's words for what a page can ask, and how each is put to the card slot. */
const WEB_EID = /** @type {const} */ ({
  "web-eid:authenticate": "authenticate",
  "web-eid:get-signing-certificate": "certificate",
  "web-eid:sign": "sign",
});

/** What `web-eid:status` tells. */
const WEB_EID_VERSIONS = { extension: "2.4.0+ipse-sandbox", nativeApp: "2.7.0+ipse-sandbox" };

/**
 * Listen to the page of this window from now on.
 * @param {(asked: Asked) => Promise<Answered>} ask puts a request to the card slot; it knows the page's origin by itself
 */
function answerWebEid(ask) {
  /** @param {Record<string, unknown>} message */
  const tell = (message) => window.postMessage(message, window.location.origin);
  let busy = false;

  window.addEventListener("message", async (event) => {
    const action = event.source === window && event.data ? event.data.action : undefined;
    if (action === "web-eid:status") {
      tell({ action: "web-eid:status-ack" });
      tell({ action: "web-eid:status-success", ...WEB_EID_VERSIONS, library: event.data.libraryVersion });
      return;
    }
    if (!Object.hasOwn(WEB_EID, action ?? "")) return;
    tell({ action: `${action}-ack` });
    if (busy) {
      tell(failure(action, { code: "ERR_WEBEID_ACTION_PENDING", message: "one thing at a time" }));
      return;
    }
    busy = true;
    try {
      const { action: _, ...wanted } = event.data;
      const kind = WEB_EID[/** @type {keyof typeof WEB_EID} */ (action)];
      const answer = await ask({ ...wanted, kind });
      tell(answer.error ? failure(action, answer.error) : { action: `${action}-success`, ...answer.result });
    } catch (error) {
      tell(failure(action, { code: "ERR_WEBEID_EXTENSION_UNAVAILABLE", message: String(error) }));
    } finally {
      busy = false;
    }
  });

  /**
   * @param {string} action
   * @param {{ code: string, message: string }} error
   */
  function failure(action, error) {
    return { action: `${action}-failure`, error: { name: "WebEidError", ...error } };
  }
}

// For the next script of this world: content scripts share names in no other way.
Object.assign(globalThis, { answerWebEid });
