import t from "tap";
import { equalBytes, putU32 } from "../../../src/core/base/bytes.ts";
import { crc32c } from "../../../src/core/base/crc32c.ts";
import { KeyError, PageError } from "../../../src/core/base/errors.ts";
import { MAX_SEGMENT_BYTES, PAGE_SIZE, PAGES_PER_SEGMENT } from "../../../src/core/base/limits.ts";
import { isPending } from "../../../src/core/base/maybe-promise.ts";
import { PageCodec, type PageKeys } from "../../../src/core/format/page-codec.ts";
import {
  classCode,
  decodePageHeader,
  PAGE_CLASSES,
  type PageClass,
} from "../../../src/core/format/page-header.ts";
import { WHOLE } from "../../../src/core/format/page-layout.ts";
import { FULL_PAGE_MIN, STORED_PAGE_MAX } from "../../../src/core/format/page-size.ts";
import type { OpenedPage } from "../../../src/core/format/stored-page.ts";
import { cryptoAead, nodeAead } from "../../../src/platform/node-aead.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FixedRandom } from "../../support/fixed-random.ts";
import { FixedPageKeys } from "../../support/test-keys.ts";
import { webAead } from "../../support/web-aead.ts";

/** All pages of such a vault are whole; page-parts.test.ts is about others. */
const VAULT = { vaultId: new Uint8Array(16).fill(0xa1), hasPageParts: false };
const POINTER = { address: 2 ** 40 + 5, generation: 2 ** 33 + 7 };
const OWNER = { ino: 2 ** 41 + 3, block: 2 ** 37 + 9 };
const PAYLOAD_SIZES = [0, 1, 15, 16, 17, 4095, 4096, PAGE_SIZE - 1, PAGE_SIZE];
const HEADER_AND_NONCE = 44;

const codec = newCodec();

function newCodec(keys: PageKeys | undefined = new FixedPageKeys(), vault = VAULT): PageCodec {
  return new PageCodec(vault, keys, new FixedRandom());
}

function payloadOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + (i >>> 8));
}

/** What a codec over a synchronous AEAD gives. */
function seal(pageClass: PageClass, payload: Uint8Array, by: PageCodec = codec): Uint8Array {
  return by.seal({ pageClass, ...POINTER, owner: OWNER, payload }) as Uint8Array;
}

function open(pageClass: PageClass, stored: Uint8Array, by: PageCodec = codec): OpenedPage {
  return by.open(pageClass, { ...POINTER, stored: stored.slice() }) as OpenedPage;
}

function refuses(stored: Uint8Array, reason: RegExp, pageClass: PageClass = "data"): void {
  t.throws(
    () => open(pageClass, stored),
    { name: "PageError", code: "PAGE_CORRUPT", address: POINTER.address, message: reason },
    `${reason}`,
  );
}

/** Writes the checksum a changed header of a sealed page would have. */
function withChecksum(stored: Uint8Array): Uint8Array {
  putU32(stored, 28, crc32c(stored, 0, 28));
  return stored;
}

t.test(
  "the overhead of a page is 84 bytes, and a segment of full pages fits an object",
  async (t) => {
    t.equal(seal("data", payloadOf(PAGE_SIZE)).length, PAGE_SIZE + 84);
    t.equal(FULL_PAGE_MIN, PAGE_SIZE + 84);
    t.ok(PAGES_PER_SEGMENT * STORED_PAGE_MAX <= MAX_SEGMENT_BYTES);
  },
);

t.test("every class and size of page opens as it was sealed", async (t) => {
  for (const pageClass of PAGE_CLASSES) {
    for (const size of PAYLOAD_SIZES) {
      const payload = payloadOf(size);
      const stored = seal(pageClass, payload);
      const clear = pageClass === "key-directory";
      t.equal(stored.length, size + (clear ? 56 : 84), `${pageClass} of ${size}`);
      const opened = open(pageClass, stored);
      t.ok(Buffer.from(payload).equals(opened.payload), "the payload is the same");
      t.equal(opened.payload.constructor, Uint8Array, "and no Buffer");
      t.same(opened.owner, OWNER);
    }
  }
});

t.test("a payload longer than a page is a bug, not a page", async (t) => {
  t.throws(() => seal("data", new Uint8Array(PAGE_SIZE + 1)), /do not fit a page/);
});

t.test("bytes behind the page are ignored", async (t) => {
  for (const pageClass of ["data", "key-directory"] as const) {
    const stored = seal(pageClass, payloadOf(100));
    const slot = new Uint8Array(stored.length + 999).fill(0x55);
    slot.set(stored);
    t.same(open(pageClass, slot).payload, payloadOf(100));
  }
});

t.test(
  "a page opens only as what it is, where it is, when it was written, in its vault",
  async () => {
    const stored = seal("data", payloadOf(50));
    refuses(stored, /class is data, not tree/, "tree");
    const elsewhere = { address: POINTER.address + 1, generation: POINTER.generation };
    const later = { address: POINTER.address, generation: POINTER.generation + 1 };
    t.throws(() => codec.open("data", { ...elsewhere, stored }), { message: /it says it is page/ });
    t.throws(() => codec.open("data", { ...later, stored }), {
      message: /generation is \d+, not \d+/,
    });
    const otherVault = newCodec(new FixedPageKeys(), {
      ...VAULT,
      vaultId: new Uint8Array(16).fill(0xa2),
    });
    t.throws(() => open("data", stored, otherVault), { message: /tag mismatch/ });
  },
);

t.test("a header that was changed and given a right checksum does not open", async () => {
  const forged = (offset: number, value: number): Uint8Array => {
    const stored = seal("data", payloadOf(50));
    stored[offset] = value;
    return withChecksum(stored);
  };
  refuses(forged(0, 0x45), /no page magic/);
  refuses(forged(4, classCode("tree")), /tag mismatch/, "tree");
  refuses(forged(4, 0), /page class 0 is unknown/);
  refuses(forged(4, 9), /page class 9 is unknown/);
  refuses(forged(5, 0), /page layout 0 is unknown/);
  refuses(forged(5, 3), /page layout 3 is unknown/);
  refuses(forged(7, 2), /tag mismatch/);
  refuses(forged(7, 0), /sealed in no epoch/);
  refuses(forged(15, 1), /tag mismatch/);
  refuses(forged(23, 1), /tag mismatch/);
  refuses(forged(13, 127), /names no page/);
  refuses(forged(27, 73), /tag mismatch/);
  refuses(forged(27, 75), /cut short/);
  refuses(forged(27, 23), /length 23 is out of bounds/);
  refuses(forged(25, 2), /length \d+ is out of bounds/);
});

t.test("what differs is told, also where the seal alone would tell", async () => {
  const changed = (offset: number): Uint8Array => {
    const stored = seal("data", payloadOf(50));
    stored[offset] = (stored[offset] as number) ^ 1;
    return stored;
  };
  for (const offset of [14, 22, 28, 31]) refuses(changed(offset), /checksum mismatch/);
  refuses(changed(6), /checksum mismatch/);
  refuses(changed(32), /tag mismatch/);
  refuses(changed(100), /tag mismatch/);
  refuses(seal("data", payloadOf(50)).subarray(0, -1), /cut short/);
});

t.test("a page sealed as another class inside than outside is refused", async (t) => {
  const stored = seal("key-directory", payloadOf(8));
  const inner = 32 + 8;
  stored[inner] = classCode("data");
  putU32(stored, 28, crc32c(stored, 32, stored.length, crc32c(stored, 0, 28)));
  t.throws(() => open("key-directory", stored), { message: /owner record is of another class/ });
});

t.test("every single flipped bit of a small page is refused", async (t) => {
  for (const pageClass of ["tree", "key-directory"] as const) {
    const stored = seal(pageClass, payloadOf(40));
    let opened = 0;
    for (let bit = 0; bit < stored.length * 8; bit++) {
      const flipped = stored.slice();
      flipped[bit >>> 3] = (flipped[bit >>> 3] as number) ^ (1 << (bit & 7));
      try {
        open(pageClass, flipped);
        opened++;
      } catch (error) {
        if (!(error instanceof PageError)) throw error;
      }
    }
    t.equal(opened, 0, pageClass);
  }
});

t.test("every truncation of a small page is refused", async (t) => {
  for (const pageClass of ["tree", "key-directory"] as const) {
    const stored = seal(pageClass, payloadOf(40));
    for (let length = 0; length < stored.length; length++) {
      t.throws(() => open(pageClass, stored.subarray(0, length)), { code: "PAGE_CORRUPT" });
    }
  }
});

t.test("random flipped bits of a full page are refused", async (t) => {
  const stored = seal("data", payloadOf(PAGE_SIZE));
  for (let i = 0; i < 500; i++) {
    const at = Math.floor(Math.random() * stored.length);
    const bit = 1 << Math.floor(Math.random() * 8);
    stored[at] = (stored[at] as number) ^ bit;
    t.throws(() => open("data", stored), { code: "PAGE_CORRUPT" }, `byte ${at}, bit ${bit}`);
    stored[at] = (stored[at] as number) ^ bit;
  }
  t.ok(open("data", stored));
});

t.test("pages of an earlier epoch open, and say their epoch", async (t) => {
  const old = seal("data", payloadOf(9), newCodec(new FixedPageKeys(1)));
  const current = newCodec(new FixedPageKeys(2));
  t.same(open("data", old, current).payload, payloadOf(9));
  t.match(decodePageHeader(old), { epoch: 1 });
  t.match(decodePageHeader(seal("data", payloadOf(9), current)), { epoch: 2 });
  t.match(decodePageHeader(seal("key-directory", payloadOf(9), current)), { epoch: 0 });
});

t.test("pages of several epochs open together, and each tells of its own damage", async (t) => {
  const sealers = [1, 2].map((epoch) => newCodec(new FixedPageKeys(epoch)));
  const pages = Array.from({ length: 12 }, (_, i) => ({
    ...POINTER,
    stored: seal("data", payloadOf(i), sealers[i % 2]),
  }));
  for (const [i, page] of pages.entries()) if (i % 5 === 4) page.stored[45] = 0x5a ^ i;
  const opened = await newCodec(new FixedPageKeys(2)).openAll("data", pages);
  t.equal(opened.length, pages.length);
  for (const [i, page] of opened.entries()) {
    if (i % 5 === 4) t.match(page, { code: "PAGE_CORRUPT", message: /tag mismatch/ });
    else t.match(page, { payload: payloadOf(i), owner: OWNER });
  }
});

t.test("no page under a replaced vault key is younger than the replacement", async (t) => {
  const stored = seal("data", payloadOf(9), newCodec(new FixedPageKeys(1)));
  const keys = new FixedPageKeys(2);
  const current = newCodec(keys);
  const many = Array.from({ length: 10 }, () => ({ ...POINTER, stored }));
  const openMany = async (): Promise<readonly (OpenedPage | PageError)[]> =>
    current.openAll(
      "data",
      many.map((page) => ({ ...page, stored: page.stored.slice() })),
    );
  keys.lastGenerations.set(1, POINTER.generation);
  t.same(open("data", stored, current).payload, payloadOf(9));
  for (const opened of await openMany()) t.match(opened, { payload: payloadOf(9) });
  t.ok(await current.isGenuine(stored.slice()));

  keys.lastGenerations.set(1, POINTER.generation - 1);
  const refusal = { code: "PAGE_CORRUPT", message: /under a vault key replaced before/ };
  t.throws(() => open("data", stored, current), refusal);
  for (const opened of await openMany()) t.match(opened, refusal);
  t.notOk(await current.isGenuine(stored.slice()));
  t.ok(open("data", seal("data", payloadOf(9), current), current), "in the epoch of now it opens");
  t.ok(open("key-directory", seal("key-directory", payloadOf(9)), current), "clear text as well");
});

t.test("no two pages are sealed with the same nonce", async (t) => {
  const nonceOf = (stored: Uint8Array): string => stored.subarray(32, HEADER_AND_NONCE).join();
  const random = new PageCodec(VAULT, new FixedPageKeys(), nodePlatform.random);
  const nonces = new Set<string>();
  for (let i = 0; i < 2000; i++) nonces.add(nonceOf(seal("data", new Uint8Array(0), random)));
  t.equal(nonces.size, 2000);
});

t.test("decodePageHeader reads what stands in clear, from the header alone", async (t) => {
  const stored = seal("pack", payloadOf(10));
  t.same(decodePageHeader(stored.subarray(0, 32)), {
    pageClass: "pack",
    epoch: 1,
    ...POINTER,
    layout: WHOLE,
    bodyLength: 34,
  });
  t.match(decodePageHeader(stored.subarray(0, 31)), /only 31 bytes are left/);
  const clear = seal("key-directory", payloadOf(10));
  t.match(decodePageHeader(clear), { pageClass: "key-directory", bodyLength: 34 });
  t.match(decodePageHeader(clear.subarray(0, 40)), /cut short/);
});

t.test("without keys only clear-text pages open", async (t) => {
  const locked = new PageCodec(VAULT, undefined, new FixedRandom());
  const stored = seal("key-directory", payloadOf(20));
  t.same(open("key-directory", stored, locked).payload, payloadOf(20));
  t.throws(
    () => open("data", seal("data", payloadOf(20)), locked),
    /before the vault was unlocked/,
  );
});

t.test("a closed key refuses", async (t) => {
  const keys = new FixedPageKeys();
  const closing = newCodec(keys);
  const stored = seal("data", payloadOf(20), closing);
  (await keys.key(1)).close();
  t.throws(() => seal("data", payloadOf(20), closing), KeyError);
  t.throws(() => open("data", stored, closing), { code: "KEY_CLOSED" });
});

t.test("an asynchronous AEAD gives the same bytes, many pages at a time", async (t) => {
  const pages = Array.from({ length: 12 }, (_, i) => ({
    pageClass: "data" as const,
    address: i,
    generation: i + 1,
    owner: { ino: i, block: i * 2 },
    payload: payloadOf(i * 301),
  }));
  const slow = new PageCodec(VAULT, new FixedPageKeys(1, webAead), new FixedRandom());
  const sealing = pages.map((page) => slow.seal(page));
  t.ok(sealing.every((sealed) => isPending(sealed)));
  const sealed = await Promise.all(sealing);
  const fast = newCodec();
  for (const [i, page] of pages.entries()) {
    const expected = fast.seal(page);
    t.same(sealed[i], expected, `page ${i}`);
  }
  const opened = await Promise.all(
    pages.map((page, i) => slow.open("data", { ...page, stored: sealed[i] as Uint8Array })),
  );
  for (const [i, page] of pages.entries()) {
    t.same(opened[i], { payload: page.payload, owner: page.owner });
  }
  const spoilt = (sealed[3] as Uint8Array).slice();
  spoilt[50] = (spoilt[50] as number) ^ 1;
  await t.rejects(
    Promise.resolve(slow.open("data", { address: 3, generation: 4, stored: spoilt })),
    {
      code: "PAGE_CORRUPT",
      message: /tag mismatch/,
    },
  );
});

t.test(
  "many pages at once are the same as one by one, and each tells of its own damage",
  async (t) => {
    const pages = Array.from({ length: 70 }, (_, i) => ({
      pageClass: "tree" as const,
      address: i,
      generation: 1,
      owner: { ino: i, block: 1 },
      payload: payloadOf((i * 997) % (PAGE_SIZE + 1)),
    }));
    for (const aead of [nodeAead, cryptoAead, webAead]) {
      const many = new PageCodec(VAULT, new FixedPageKeys(1, aead), nodePlatform.random);
      const stored = await many.sealAll(pages, () => new Uint8Array(STORED_PAGE_MAX));
      const read = pages.map((page, i) => ({ ...page, stored: (stored[i] as Uint8Array).slice() }));
      const [, damaged, moved] = read;
      if (damaged !== undefined) damaged.stored[60] = (damaged.stored[60] ?? 0) ^ 1;
      if (moved !== undefined) moved.address = 99;
      const opened = await many.openAll("tree", read);
      t.match(opened[1], { code: "PAGE_CORRUPT", message: /tag mismatch/ });
      t.match(opened[2], { code: "PAGE_CORRUPT", message: /says it is page 2/ });
      const isSame = pages.map((page, i) => {
        const other = opened[i];
        return other !== undefined && "payload" in other && equalBytes(other.payload, page.payload);
      });
      t.same(
        isSame.flatMap((same, i) => (same ? [] : [i])),
        [1, 2],
      );
      t.equal(opened.length, pages.length);
    }
  },
);

t.test("pages sealed at once are of one epoch, also when another begins meanwhile", async (t) => {
  const epochKeys = new FixedPageKeys();
  const keys = {
    epoch: 1,
    key: (epoch: number) => epochKeys.key(epoch),
    lastGeneration: () => Number.POSITIVE_INFINITY,
  };
  const payload = payloadOf(9);
  const page = { pageClass: "log", ...POINTER, owner: OWNER, payload } as const;
  const sealing = newCodec(keys).sealAll([page, page], () => new Uint8Array(STORED_PAGE_MAX));
  keys.epoch = 2;
  for (const stored of await sealing) t.match(decodePageHeader(stored), { epoch: 1 });
});
