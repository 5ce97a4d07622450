import { argon2id } from "@noble/hashes/argon2.js";
import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import type { AeadKey } from "../../../src/core/base/platform.ts";
import { cryptoAead } from "../../../src/platform/node-aead.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { PooledRandom } from "../../../src/platform/node-random.ts";
import { fromHex, toHex } from "../../support/hex.ts";
import { webAead } from "../../support/web-aead.ts";

const { aead, compressor } = nodePlatform;

async function sealOnce(key: AeadKey, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array) {
  const out = new Uint8Array(plain.length + 16);
  await key.seal(nonce, aad, plain, out);
  return out;
}

t.test("AES-256-GCM gives the values of test case 16 of its specification", async (t) => {
  const key = await aead.importKey(
    fromHex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
  );
  const plain = fromHex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
  );
  const aad = fromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const nonce = fromHex("cafebabefacedbaddecaf888");
  const sealed = await sealOnce(key, nonce, aad, plain);
  t.equal(
    toHex(sealed),
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662" +
      "76fc6ece0f4e1768cddf8853bb2d551b",
  );
  t.same(await key.open(nonce, aad, sealed), plain);
});

t.test("both AEADs give the same bytes, and open each other's", async (t) => {
  const raw = new Uint8Array(32).fill(5);
  const [node, web] = [await aead.importKey(raw), await webAead.importKey(raw)];
  const [nonce, aad] = [new Uint8Array(12).fill(1), utf8("associated")];
  for (const size of [0, 1, 15, 16, 17, 65_560]) {
    const plain = new Uint8Array(size).fill(size);
    const sealed = await sealOnce(node, nonce, aad, plain);
    t.ok(Buffer.from(sealed).equals(await sealOnce(web, nonce, aad, plain)), `${size} bytes`);
    const opened = await node.open(nonce, aad, sealed);
    t.equal(opened?.constructor, Uint8Array);
    t.ok(opened && Buffer.from(opened).equals(plain));
  }
});

t.test("the end of a plaintext may stand in the output already", async (t) => {
  const [nonce, aad] = [new Uint8Array(12).fill(1), utf8("associated")];
  const plain = Uint8Array.from({ length: 65_560 }, (_, i) => i);
  for (const kind of [aead, cryptoAead, webAead]) {
    const key = await kind.importKey(new Uint8Array(32).fill(5));
    const sealed = await sealOnce(key, nonce, aad, plain);
    for (const begin of [0, 1, 65_535, 65_536, 65_560]) {
      const out = new Uint8Array(plain.length + 16);
      out.set(plain.subarray(begin), begin);
      await key.seal(nonce, aad, plain.subarray(0, begin), out);
      t.ok(Buffer.from(out).equals(sealed), `the first ${begin} bytes elsewhere`);
    }
  }
});

t.test("opening refuses what was changed, and never throws for it", async (t) => {
  const key = await aead.importKey(new Uint8Array(32));
  const [nonce, aad] = [new Uint8Array(12), utf8("associated")];
  const sealed = await sealOnce(key, nonce, aad, utf8("plain"));
  t.equal(await key.open(nonce, utf8("associateD"), sealed), undefined);
  t.equal(await key.open(new Uint8Array(12).fill(1), aad, sealed), undefined);
  for (let i = 0; i < sealed.length; i++) {
    const changed = sealed.slice();
    changed[i] = (changed[i] as number) ^ 0x40;
    t.equal(await key.open(nonce, aad, changed), undefined, `byte ${i}`);
  }
  for (let length = 0; length < sealed.length; length++) {
    t.equal(await key.open(nonce, aad, sealed.subarray(0, length)), undefined, `${length} bytes`);
  }
});

t.test("an imported key is a copy, and refuses once closed", async (t) => {
  const raw = new Uint8Array(32).fill(5);
  const key = await aead.importKey(raw);
  const before = await sealOnce(key, new Uint8Array(12), raw, utf8("plain"));
  raw.fill(0);
  const again = await aead.importKey(new Uint8Array(32).fill(5));
  t.same(
    await sealOnce(again, new Uint8Array(12), new Uint8Array(32).fill(5), utf8("plain")),
    before,
  );
  key.close();
  t.throws(() => key.open(new Uint8Array(12), raw, before), { code: "KEY_CLOSED" });
  t.throws(() => aead.importKey(new Uint8Array(16)), /32 bytes, not 16/);
});

t.test("Argon2id agrees with another implementation", async (t) => {
  const salt = Uint8Array.from({ length: 16 }, (_, i) => i);
  const costs = [
    { memoryKib: 8, passes: 1, lanes: 1 },
    { memoryKib: 256, passes: 3, lanes: 4 },
  ];
  for (const { memoryKib: m, passes, lanes: p } of costs) {
    for (const password of ["", "correct horse", "ü".repeat(300)]) {
      const cost = { memoryKib: m, passes, lanes: p };
      const derived = await nodePlatform.argon2id.derive(utf8(password), salt, cost);
      t.equal(derived.constructor, Uint8Array);
      t.same(derived, argon2id(utf8(password), salt, { m, t: passes, p, dkLen: 32 }));
    }
  }
});

t.test("what was deflated inflates to the same, within its bound", async (t) => {
  const texts = [new Uint8Array(0), utf8("a"), new Uint8Array(65_536), utf8("page ".repeat(9_000))];
  for (const plain of texts) {
    const packed = await compressor.deflate(plain);
    t.equal(packed.constructor, Uint8Array);
    t.same(await compressor.inflate(packed, plain.length), plain);
  }
});

t.test("inflating refuses what is malformed, cut short or longer than said", async (t) => {
  const packed = await compressor.deflate(new Uint8Array(65_536).fill(7));
  t.throws(() => compressor.inflate(packed, 65_535));
  t.throws(() => compressor.inflate(packed.subarray(0, packed.length - 1), 65_536));
  t.throws(() => compressor.inflate(Uint8Array.of(0xff, 0xff), 10));
  t.throws(() => compressor.inflate(new Uint8Array(0), 10));
});

t.test(
  "randomness never repeats, whatever is asked for, and fills no more than that",
  async (t) => {
    const random = new PooledRandom();
    const seen = new Set<string>();
    const sizes = [8, 12, 16, 31, 32, 4000, 4095, 4096, 4097, 9000];
    let count = 0;
    for (let round = 0; round < 300; round++) {
      for (const size of sizes) {
        const out = new Uint8Array(size + 2);
        random.fill(out.subarray(1, size + 1));
        if (out[0] !== 0 || out[size + 1] !== 0) t.fail(`more than ${size} bytes were filled`);
        seen.add(toHex(out.subarray(1, 9)));
        count++;
      }
    }
    t.equal(seen.size, count);
    random.fill(new Uint8Array(0));
  },
);
