import { createDecipheriv } from "node:crypto";
import t from "tap";
import { concatBytes, equalBytes, putU32, utf8 } from "../../../src/core/base/bytes.ts";
import { crc32c } from "../../../src/core/base/crc32c.ts";
import { MAX_SEGMENT_BYTES, PAGE_SIZE, PAGES_PER_SEGMENT } from "../../../src/core/base/limits.ts";
import { PageCodec } from "../../../src/core/format/page-codec.ts";
import {
  classCode,
  decodePageHeader,
  PAGE_CLASSES,
  type PageClass,
  type PageHeader,
} from "../../../src/core/format/page-header.ts";
import { IN_PARTS, WHOLE } from "../../../src/core/format/page-layout.ts";
import {
  FULL_PAGE_MIN,
  STORED_PAGE_MAX,
  STORED_PAGE_ROOM,
  storedLength,
} from "../../../src/core/format/page-size.ts";
import type { OpenedPage } from "../../../src/core/format/stored-page.ts";
import { cryptoAead, nodeAead } from "../../../src/platform/node-aead.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FixedPageKeys } from "../../support/test-keys.ts";
import { webAead } from "../../support/web-aead.ts";

const VAULT_ID = new Uint8Array(16).fill(0xa1);
const POINTER = { address: 2 ** 40 + 5, generation: 2 ** 33 + 7 };
const OWNER = { ino: 2 ** 41 + 3, block: 2 ** 37 + 9 };
const PART = 16_384;
const SEALED_PART = PART + 16;
const PARTS_AT = 44;

const codec = newCodec(true);
const older = newCodec(false);

function newCodec(hasPageParts: boolean, aead = nodeAead): PageCodec {
  const keys = new FixedPageKeys(1, aead);
  return new PageCodec({ vaultId: VAULT_ID, hasPageParts }, keys, nodePlatform.random);
}

function payloadOf(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + (i >>> 8) + seed);
}

function seal(payload: Uint8Array, pageClass: PageClass = "data", by = codec): Uint8Array {
  return by.seal({ pageClass, ...POINTER, owner: OWNER, payload }) as Uint8Array;
}

function open(stored: Uint8Array, pageClass: PageClass = "data", by = codec): OpenedPage {
  return by.open(pageClass, { ...POINTER, stored: stored.slice() }) as OpenedPage;
}

function partOf(stored: Uint8Array, index: number): Uint8Array {
  const at = PARTS_AT + index * SEALED_PART;
  return stored.subarray(at, index === 3 ? stored.length : at + SEALED_PART);
}

/** A page with some bytes exchanged. */
function withBytes(stored: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const changed = stored.slice();
  changed.set(bytes, at);
  return changed;
}

/** A page with a byte of its header changed, and the checksum put right. */
function withHeader(stored: Uint8Array, at: number, value: number): Uint8Array {
  const changed = withBytes(stored, at, Uint8Array.of(value));
  putU32(changed, 28, crc32c(changed, 0, 28));
  return changed;
}

t.test(
  "a page in parts has 124 bytes more than its payload, and fits the same places",
  async (t) => {
    t.equal(seal(payloadOf(PAGE_SIZE)).length, PAGE_SIZE + 124);
    t.equal(STORED_PAGE_MAX, PAGE_SIZE + 124);
    t.equal(STORED_PAGE_ROOM, 65_664);
    t.ok(FULL_PAGE_MIN < STORED_PAGE_MAX);
    t.ok(PAGES_PER_SEGMENT * (STORED_PAGE_MAX + 4) <= MAX_SEGMENT_BYTES);
  },
);

t.test("full pages of content are sealed in parts, in vaults that have them", async (t) => {
  const sizes = [0, PART, PAGE_SIZE - 8, PAGE_SIZE - 1, PAGE_SIZE];
  const kinds = PAGE_CLASSES.flatMap((pageClass) => sizes.map((size) => ({ pageClass, size })));
  for (const { pageClass, size } of kinds) {
    for (const by of [codec, older]) {
      const payload = payloadOf(size);
      const stored = seal(payload, pageClass, by);
      const layout = by === codec && pageClass === "data" && size === PAGE_SIZE ? IN_PARTS : WHOLE;
      const header = decodePageHeader(stored) as PageHeader;
      t.equal(header.layout, layout, `${pageClass} of ${size}`);
      t.equal(storedLength(header), stored.length);
      t.equal(by.sealsOf([{ pageClass, payload }]), layout.parts);
      const opened = open(stored, pageClass);
      t.ok(equalBytes(opened.payload, payload));
      t.same(opened.owner, OWNER);
    }
  }
});

t.test("each part opens by itself, with nothing but what FORMAT.md says", async (t) => {
  const payload = payloadOf(PAGE_SIZE);
  const stored = seal(payload);
  const bound = concatBytes(utf8("dvault page"), VAULT_ID, stored.subarray(0, 32));
  for (let i = 0; i < 4; i++) {
    const part = partOf(stored, i);
    const nonce = stored.slice(32, PARTS_AT);
    nonce[11] = (nonce[11] as number) ^ i;
    const decipher = createDecipheriv("aes-256-gcm", new Uint8Array(32).fill(1), nonce);
    decipher.setAAD(bound).setAuthTag(part.subarray(-16));
    const plain = Buffer.concat([decipher.update(part.subarray(0, -16)), decipher.final()]);
    t.ok(plain.subarray(0, PART).equals(payload.subarray(i * PART, (i + 1) * PART)), `part ${i}`);
    t.equal(plain.length, i === 3 ? PART + 16 : PART);
    if (i < 3) continue;
    t.same([...plain.subarray(PART, PART + 2)], [classCode("data"), 0]);
    t.equal(Number(plain.readBigUInt64BE(PART + 2)), OWNER.ino);
    t.equal(plain.readUIntBE(PART + 10, 6), OWNER.block);
  }
});

/** All that stands around the ciphertexts, their edges and the owner record, and every 31st byte of the rest. */
function placesOf(stored: Uint8Array): readonly number[] {
  const isNear = (at: number): boolean => {
    const inPart = (at - PARTS_AT) % SEALED_PART;
    return at < PARTS_AT + 32 || inPart < 32 || inPart >= PART - 16;
  };
  const places = Array.from(stored, (_, at) => at);
  return places.filter((at) => at % 31 === 0 || isNear(at) || at > stored.length - 64);
}

t.test("a byte that is spoilt is found, in whatever part", async (t) => {
  const stored = seal(payloadOf(PAGE_SIZE));
  const room = new Uint8Array(STORED_PAGE_ROOM);
  const refusal = { code: "PAGE_CORRUPT" };
  for (const at of placesOf(stored)) {
    room.set(stored);
    room[at] = (room[at] as number) ^ (1 << (at & 7));
    t.throws(() => codec.open("data", { ...POINTER, stored: room }), refusal, `byte ${at}`);
  }
});

t.test("nothing of a page is given when one of its parts is wrong", async (t) => {
  const payload = new Uint8Array(PAGE_SIZE).fill(0x5a);
  const text = Buffer.alloc(16, 0x5a);
  for (const aead of [nodeAead, cryptoAead, webAead]) {
    for (let i = 0; i < 4; i++) {
      const by = newCodec(true, aead);
      const stored = (
        await by.seal({ pageClass: "data", ...POINTER, owner: OWNER, payload })
      ).slice();
      const at = PARTS_AT + i * SEALED_PART + 5;
      stored[at] = (stored[at] as number) ^ 1;
      await t.rejects(async () => by.open("data", { ...POINTER, stored }), {
        code: "PAGE_CORRUPT",
      });
      t.equal(Buffer.from(stored).indexOf(text), -1, `part ${i}`);
    }
  }
});

t.test("a part opens in its place only, and only in the page it was sealed with", async (t) => {
  const [one, two] = [seal(payloadOf(PAGE_SIZE)), seal(payloadOf(PAGE_SIZE))];
  t.ok(equalBytes(one.subarray(0, 32), two.subarray(0, 32)), "headers are equal");
  for (let i = 0; i < 4; i++) {
    const at = PARTS_AT + i * SEALED_PART;
    t.throws(() => open(withBytes(one, at, partOf(two, i))), { message: /tag mismatch/ });
    for (let k = 0; k < 3; k++) {
      if (k === i || i === 3) continue;
      const swapped = withBytes(one, at, partOf(one, k));
      swapped.set(partOf(one, i), PARTS_AT + k * SEALED_PART);
      t.throws(() => open(swapped), { message: /tag mismatch/ }, `parts ${i} and ${k}`);
    }
  }
  t.throws(() => open(withBytes(one, 32, two.subarray(32, PARTS_AT))), { message: /tag mismatch/ });
  t.ok(open(one));
});

t.test("a page in parts is refused where there are none, and as anything else", async (t) => {
  const stored = seal(payloadOf(PAGE_SIZE));
  const refusal = { code: "PAGE_CORRUPT", message: /sealed in parts, in a vault that has no such/ };
  t.throws(() => open(stored, "data", older), refusal);
  const many = Array.from({ length: 9 }, () => ({ ...POINTER, stored: stored.slice() }));
  for (const page of await older.openAll("data", many)) t.match(page, refusal);
  t.notOk(await older.isGenuine(stored.slice()));
  t.ok(await codec.isGenuine(stored.slice()));

  for (const pageClass of PAGE_CLASSES) {
    if (pageClass === "data") continue;
    const changed = withHeader(stored, 4, classCode(pageClass));
    const message = /no page of class [a-z-]+ is sealed in parts/;
    t.throws(() => open(changed, pageClass), { code: "PAGE_CORRUPT", message });
  }
  for (const low of [0x0f, 0x11, 0x18]) {
    t.throws(() => open(withHeader(stored, 27, low)), { message: /length \d+ is out of bounds/ });
  }
  const whole = seal(payloadOf(PAGE_SIZE), "data", older);
  t.throws(() => open(withHeader(whole, 5, 2)), { message: /length 65560 is out of bounds/ });
  const shorter = seal(payloadOf(PAGE_SIZE - 8), "data", older);
  const room = withBytes(new Uint8Array(STORED_PAGE_ROOM), 0, withHeader(shorter, 5, 2));
  t.throws(() => open(room), { message: /tag mismatch/ }, "of the same length");
  t.throws(() => open(withHeader(stored, 5, 1)), { message: /tag mismatch/ }, "as a whole page");
  t.throws(() => open(stored.subarray(0, -1)), { message: /cut short/ });
});

t.test("pages of both layouts go together, and each tells of its own damage", async (t) => {
  const payloads = Array.from({ length: 40 }, (_, i) =>
    payloadOf(i % 3 === 0 ? 20_000 + i : PAGE_SIZE, i),
  );
  for (const aead of [nodeAead, cryptoAead, webAead]) {
    const [now, before] = [newCodec(true, aead), newCodec(false, aead)];
    const pages = payloads.map((payload) => ({
      pageClass: "data" as const,
      ...POINTER,
      owner: OWNER,
      payload,
    }));
    const room = (): Uint8Array => new Uint8Array(STORED_PAGE_MAX);
    const stored = [
      ...(await now.sealAll(pages.slice(0, 30), room)),
      ...(await before.sealAll(pages.slice(30), room)),
    ];
    const read = stored.map((bytes) => ({ ...POINTER, stored: bytes.slice() }));
    for (const at of [4, 6, 37]) {
      const bytes = read[at]?.stored ?? new Uint8Array();
      bytes[40_000 % bytes.length] = (bytes[40_000 % bytes.length] as number) ^ 1;
    }
    const opened = await now.openAll("data", read);
    for (const [i, page] of opened.entries()) {
      if ([4, 6, 37].includes(i)) t.match(page, { code: "PAGE_CORRUPT", message: /tag mismatch/ });
      else t.ok("payload" in page && equalBytes(page.payload, payloads[i] as Uint8Array), `${i}`);
    }
  }
});

t.test("all AEADs seal the same page in parts", async (t) => {
  const page = {
    pageClass: "data",
    ...POINTER,
    owner: OWNER,
    payload: payloadOf(PAGE_SIZE),
  } as const;
  const sealed = [nodeAead, cryptoAead, webAead].map(async (aead) => {
    const fill = (out: Uint8Array): void => void out.fill(3);
    const vault = { vaultId: VAULT_ID, hasPageParts: true };
    return new PageCodec(vault, new FixedPageKeys(1, aead), { fill }).seal(page);
  });
  const [first, ...others] = await Promise.all(sealed);
  for (const other of others) t.ok(equalBytes(other, first as Uint8Array));
});
