// Check my phone: what is said of what was found out.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as health from "../../src/ipse/mobile/static/app/engine/health.js";
import { NoAnswer, NoPhone, Problem } from "../../src/ipse/mobile/static/app/engine/problems.js";

test("a phone without connection is told apart from a scheme that does not answer", () => {
  assert.equal(health.connection({ error: null, online: true, milliseconds: 12.4 }).values?.["time"], 12);
  assert.equal(health.connection({ error: null, online: true, milliseconds: 0.1 }).values?.["time"], 1);
  assert.equal(health.connection({ error: new NoAnswer("configuration"), online: false, milliseconds: 1 }).words, "check.connection_offline");
  assert.equal(health.connection({ error: new NoAnswer("configuration"), online: true, milliseconds: 1 }).words, "check.connection_none");
});

test("a clock may be a minute wrong, and a slow answer makes no clock wrong", () => {
  const at = 1_795_363_200;
  for (const [asked, answered, words] of /** @type {const} */ ([
    [at, at + 0.2, "check.clock_ok"],
    [at - 30, at + 30, "check.clock_ok"],
    [at + 60.9, at + 61, "check.clock_ok"],
    [at + 62, at + 62.1, "check.clock_ahead"],
    [at - 61, at - 60.5, "check.clock_behind"],
    [at - 60, at - 60, "check.clock_ok"],
  ]))
    assert.equal(health.clock({ theirs: at, asked, answered })?.words, words, `${asked - at}`);
  assert.equal(health.clock({ theirs: at, asked: at - 7200, answered: at - 7199 })?.values?.["minutes"], 120);
  assert.equal(health.clock({ theirs: undefined, asked: at, answered: at }), null);
});

test("only a key that is gone or unknown asks for another activation", () => {
  const again = (/** @type {boolean} */ works, /** @type {unknown} */ error) => health.key({ works, error }).help === "again";
  assert.ok(again(false, new NoPhone()));
  assert.ok(again(false, null));
  for (const code of ["unknown_phone", "phone_copied", "wrong_signature"]) assert.ok(again(true, new Problem({ code })), code);
  assert.ok(!again(true, null));
  assert.ok(!again(true, new NoAnswer("home")));
  assert.ok(!again(true, new Problem({ code: "account_blocked" })));
  assert.equal(health.key({ works: true, error: new NoAnswer("home") }).state, "warning");
});

test("what a SIM, notifications, a version and storage mean", () => {
  assert.equal(health.sim(undefined), null);
  assert.equal(health.sim({ state: "ready", checked_at: 1 })?.state, "ok");
  assert.equal(health.sim({ state: "reduced", checked_at: null })?.help, undefined);
  assert.equal(health.sim({ state: "reduced", checked_at: null, number_proven: false })?.help, "number");
  assert.deepEqual(
    /** @type {const} */ (["on", "off", "denied", "none"]).map((state) => health.push(state).state),
    ["ok", "warning", "warning", "warning"],
  );
  assert.equal(health.version({ own: "1.10.0", minimum: "1.9.0" }).state, "ok");
  assert.equal(health.version({ own: "1.9.0", minimum: "1.10.0" }).state, "bad");
  assert.deepEqual([health.storage(true).state, health.storage(false).state], ["ok", "warning"]);
});

test("what it all comes to", () => {
  const ok = health.storage(true);
  const warning = health.storage(false);
  const bad = health.version({ own: "1", minimum: "2" });
  assert.equal(health.summary([ok, null]).words, "check.sum_ok");
  assert.equal(health.summary([ok, warning]).words, "check.sum_warning");
  assert.equal(health.summary([bad, warning]).words, "check.sum_bad_one");
  assert.deepEqual(health.summary([bad, bad]).values, { count: 2 });
});
