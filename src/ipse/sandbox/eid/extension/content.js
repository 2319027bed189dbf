// In each page of this machine: what the page asks goes to the extension's background.
// @ts-check

{
  const { answerWebEid, chrome } = /** @type {any} */ (globalThis);
  answerWebEid((/** @type {object} */ asked) => chrome.runtime.sendMessage(asked));
}
