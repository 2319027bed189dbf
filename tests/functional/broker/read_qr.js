// Reads a QR from a PNG on standard input (greyscale, one bit, as data URI) with the app's own decoder.
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import decodeQR from "../../../src/ipse/mobile/static/app/vendor/qr/decode.js";

const png = Buffer.from(readFileSync(0, "utf8").split(",")[1], "base64");
const width = png.readUInt32BE(16);
const height = png.readUInt32BE(20);
const [depth, colour] = [png[24], png[25]];
if (depth !== 1 || (colour !== 0 && colour !== 3)) throw new Error(`depth ${depth}, colour type ${colour}`);
const parts = [];
for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12)
  if (png.toString("ascii", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
const rows = inflateSync(Buffer.concat(parts));
const stride = Math.ceil(width / 8) + 1;
// PNG §9.2: a line as it is, or its difference to the one above.
for (let y = 0; y < height; y++) {
  const filter = rows[y * stride];
  if (filter !== 0 && filter !== 2) throw new Error(`filter ${filter}`);
  for (let x = 1; filter === 2 && x < stride; x++) rows[y * stride + x] += rows[(y - 1) * stride + x];
}
const data = new Uint8ClampedArray(width * height * 4);
for (let y = 0; y < height; y++)
  for (let x = 0; x < width; x++) {
    const light = (rows[y * stride + 1 + (x >> 3)] >> (7 - (x & 7))) & 1 ? 255 : 0;
    data.set([light, light, light, 255], (y * width + x) * 4);
  }
process.stdout.write(decodeQR({ width, height, data }));
