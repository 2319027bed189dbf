// What opens the app, phone numbers, the names of events in a stream.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startOfAddress, startOfFragment } from "../../src/ipse/mobile/static/app/engine/starts.js";
import { eventName, events } from "../../src/ipse/mobile/static/app/engine/watch.js";
import { readPhoneNumber } from "../../src/ipse/mobile/static/app/parts/phone_numbers.js";
import { chooseLanguage } from "../../src/ipse/mobile/static/app/parts/language.js";

const APP = ["http://localhost:8002"];

test("fragments of this app are starts, others are not", () => {
  assert.deepEqual(startOfFragment("#f=abc.d12.xyz_-"), { kind: "frame", value: "abc.d12.xyz_-" });
  assert.deepEqual(startOfFragment("#l=abc"), { kind: "link", value: "abc" });
  assert.deepEqual(startOfFragment("#return=abc"), { kind: "return", value: "abc" });
  assert.deepEqual(startOfFragment("#ended=refused_by_person"), { kind: "ended", value: "refused_by_person" });
  for (const other of ["", "#", "#f=", "#x=abc", "#f=a b", "#f=<script>", "#toString=a", `#f=${"a".repeat(513)}`]) {
    assert.equal(startOfFragment(other), null, other);
  }
});

test("only addresses of this app are read from a QR", () => {
  assert.deepEqual(startOfAddress(" http://localhost:8002/#f=abc ", APP), { kind: "frame", value: "abc" });
  for (const foreign of [
    "http://localhost:8003/#f=abc",
    "https://localhost:8002/#f=abc",
    "http://localhost:8002.evil.example/#f=abc",
    "http://localhost:8002@evil.example/#f=abc",
    "http://localhost:8002/#return=abc",
    "javascript:alert(1)//http://localhost:8002/#f=abc",
    "abc",
  ]) {
    assert.equal(startOfAddress(foreign, APP), null, foreign);
  }
});

test("phone numbers are written as the protocol has them", () => {
  assert.equal(readPhoneNumber("BE", "0485 69 41 75"), "+32 485694175");
  assert.equal(readPhoneNumber("BE", "485/69.41.75"), "+32 485694175");
  assert.equal(readPhoneNumber("NL", "+32 (0485) 694-175"), "+32 485694175");
  assert.equal(readPhoneNumber("NL", "0032485694175"), "+32 485694175");
  assert.equal(readPhoneNumber("LU", "+352 600000106"), "+352 600000106");
  assert.equal(readPhoneNumber("IT", "0612345678"), "+39 0612345678");
  for (const wrong of ["", "12", "call me", "+999 1234567", "48569417512345678", "+"]) {
    assert.equal(readPhoneNumber("BE", wrong), null, wrong);
  }
});

test("events have names, comments have none", () => {
  assert.equal(eventName("event: changed\ndata: {}"), "changed");
  assert.equal(eventName("data: {}"), "message");
  assert.equal(eventName(": still here"), null);
  assert.equal(eventName(""), null);
});

test("a stream is read across its pieces, with the token in the header only", async () => {
  const pieces = [
    ": ipse\n\nevent: chan",
    "ged\ndata: {}\n",
    "\n: still here\r\n\r\nevent: stopped\r\ndata: {}\r\n\r\n",
  ];
  /** @type {string[]} */
  const asked = [];
  /** @type {typeof fetch} */
  const get = async (address, options) => {
    asked.push(String(address), String(new Headers(options?.headers).get("Authorization")));
    const body = new ReadableStream({
      pull: (controller) => {
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(piece));
      },
    });
    return new Response(body);
  };
  const names = [];
  const how = { base: "https://s.example", token: "t", signal: new AbortController().signal, fetch: get };
  for await (const name of events(how)) names.push(name);
  assert.deepEqual(names, ["changed", "stopped"]);
  assert.deepEqual(asked, ["https://s.example/phone/v1/watch", "Bearer t"]);
});

test("the language follows the wishes, best first", () => {
  assert.equal(chooseLanguage(["pt-PT", "fr-BE", "nl"]), "fr");
  assert.equal(chooseLanguage([null, "de-DE"]), "de");
  assert.equal(chooseLanguage(["pt"]), "en");
});
