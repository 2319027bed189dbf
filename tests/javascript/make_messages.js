// Prints messages of the app as JSON, for a library of another language to read: see test_phone_messages.py.

import { b64uDecode } from "../../src/ipse/mobile/static/app/engine/encoding.js";
import { codeProof, newDeviceKey, sealed, signed, thumbprint } from "../../src/ipse/mobile/static/app/engine/crypto.js";
import { vectors } from "./vectors.js";

const known = vectors("phone_channel.json");
const { kty, crv, x, y, kid } = known.channel.private;
const { privateKey, publicKey } = await newDeviceKey();
const messages = [];
for (let number = 0; number < 20; number += 1) {
  const payload = {
    v: 1,
    type: "approval",
    phone: "cGhvbmU",
    iat: 1_790_000_000 + number,
    chain: "",
    name: "Zoé 測試",
  };
  const jws = await signed({ privateKey, kid: "cGhvbmU", payload });
  const proof = await codeProof(b64uDecode(known.code_key.key), jws);
  messages.push({ payload, jwe: await sealed({ kty, crv, x, y, kid }, { jws, proof }) });
}
console.log(JSON.stringify({ publicKey, thumbprint: await thumbprint(publicKey), messages }));
