// Web eID in a page: messages to the browser extension and back (Web eID system architecture, "library interface").

/** How long an extension may take to say that it is there. */
const ACK_MILLISECONDS = 1500;
/** How long a person may take with card and PIN. */
const PERSON_MILLISECONDS = 180_000;
const LIBRARY = "2.0.2";

export class WebEidError extends Error {
  /** @param {string} code `no_extension`, or what the extension says */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * @param {string} action `status`, `authenticate`
 * @param {Record<string, unknown>} [members]
 * @returns {Promise<Record<string, unknown>>} what came with the success
 * @throws {WebEidError}
 */
export function ask(action, members = {}) {
  return new Promise((resolve, reject) => {
    const name = `web-eid:${action}`;
    let timer = setTimeout(() => end(() => reject(new WebEidError("no_extension"))), ACK_MILLISECONDS);

    /** @param {() => void} settle */
    function end(settle) {
      clearTimeout(timer);
      removeEventListener("message", hear);
      settle();
    }

    /** @param {MessageEvent} event */
    function hear(event) {
      if (event.source !== window || event.origin !== location.origin || typeof event.data !== "object") return;
      const { action: said, ...rest } = event.data ?? {};
      if (said === `${name}-ack`) {
        clearTimeout(timer);
        timer = setTimeout(() => end(() => reject(new WebEidError("no_answer"))), PERSON_MILLISECONDS);
      } else if (said === `${name}-success`) {
        end(() => resolve(rest));
      } else if (said === `${name}-failure`) {
        end(() => reject(new WebEidError(String(rest.error?.code ?? "other"))));
      }
    }

    addEventListener("message", hear);
    postMessage({ action: name, libraryVersion: LIBRARY, ...members }, location.origin);
  });
}

/** The words of this page for what an extension says. */
const WORDS = /** @type {Record<string, string>} */ ({
  no_extension: "no_extension",
  no_answer: "no_answer",
  ERR_WEBEID_EXTENSION_UNAVAILABLE: "no_extension",
  ERR_WEBEID_NATIVE_UNAVAILABLE: "no_native",
  ERR_WEBEID_VERSION_MISMATCH: "no_native",
  ERR_WEBEID_USER_CANCELLED: "cancelled",
  ERR_WEBEID_USER_TIMEOUT: "no_answer",
  ERR_WEBEID_ACTION_TIMEOUT: "no_answer",
  ERR_WEBEID_CARD_MISSING: "no_card",
  ERR_WEBEID_NO_CARD: "no_card",
  ERR_WEBEID_WRONG_PIN: "wrong_pin",
  ERR_WEBEID_PIN_BLOCKED: "blocked_pin",
});

/** @param {unknown} error */
export function wordFor(error) {
  if (!(error instanceof WebEidError)) return "other";
  return WORDS[error.code] ?? "card_failed";
}
