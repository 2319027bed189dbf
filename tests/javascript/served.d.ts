// Pages import each other's modules by the addresses they are served at (`web/assets.py`), which are not their places
// in this tree: here the type check learns where they are.

declare module "*/signin/frames.js" {
  export const frameMaker: typeof import("../../src/ipse/signin/static/frames.js").frameMaker;
  export const picture: typeof import("../../src/ipse/signin/static/frames.js").picture;
}

declare module "*/enrolment/web_eid.js" {
  export const ask: typeof import("../../src/ipse/enrolment/static/web_eid.js").ask;
  export const wordFor: typeof import("../../src/ipse/enrolment/static/web_eid.js").wordFor;
  export const WebEidError: typeof import("../../src/ipse/enrolment/static/web_eid.js").WebEidError;
}
