// Everything that can go wrong between this phone and the scheme, as three kinds of error.

/**
 * An error that the scheme answered: an RFC 9457 problem document. `code` is a word of section 6 of the protocol.
 */
export class Problem extends Error {
  /**
   * @param {{ code: string, status?: number, why?: string, tries_left?: number, detail?: string, reference?: string }} document
   */
  constructor(document) {
    super(document.code);
    this.name = "Problem";
    this.code = document.code;
    this.status = document.status ?? 0;
    this.why = document.why ?? null;
    this.triesLeft = document.tries_left ?? null;
    this.reference = document.reference ?? null;
  }
}

/** No answer came. What was sent is kept and will be sent again, byte for byte. */
export class NoAnswer extends Error {
  /** @param {string} type of the message that waits */
  constructor(type) {
    super(`no answer to ${type}`);
    this.name = "NoAnswer";
    this.type = type;
  }
}

/** No phone lives here: nothing was ever activated in this browser, or its storage was lost. */
export class NoPhone extends Error {
  constructor() {
    super("no phone lives here");
    this.name = "NoPhone";
  }
}
