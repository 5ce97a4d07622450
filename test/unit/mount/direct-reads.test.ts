import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import t, { type Test } from "tap";
import { addressOf, pageNumber } from "../../../src/core/format/address.ts";
import type { Layout, LayoutHolder } from "../../../src/core/fs/layouts.ts";
import type { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import type { PagesInFile } from "../../../src/core/pages/pages-in-file.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { DirectReads } from "../../../src/mount/direct-reads.ts";
import { Opcode } from "../../../src/mount/protocol/opcode.ts";
import type { FuseChannel } from "../../../src/native/fuse-channel.ts";
import { FileStore } from "../../../src/stores/file/file-store.ts";
import { newChannel } from "../../support/new-channel.ts";
import { newFile, newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault } from "../../support/test-vault.ts";
import { u32, u64, wireRequest } from "../../support/wire.ts";

const PAGE = 65_536;
const SIZE = 5 * PAGE + 1000;

/** Reads as long as this are shared by two threads. */
const SHARED = 2 * PAGE;

/** The longest read whose answer goes through a socket in one go. */
const LONGEST = 200_000;

/** A byte of a stored page that is sealed with what stands at 39,000. */
const HIT = 44 + 40_000;

/** The last layout that was given. */
class LastLayout implements LayoutHolder {
  readonly #inner: LayoutHolder;
  layout: Layout | undefined;
  pages: PagesInFile | undefined;

  constructor(inner: LayoutHolder) {
    this.#inner = inner;
  }

  grant(layout: Layout, pages: PagesInFile): void {
    this.layout = layout;
    this.pages = pages;
    this.#inner.grant(layout, pages);
  }

  recall(ino: number): void {
    this.layout = undefined;
    this.#inner.recall(ino);
  }

  /** @throws Error when none holds */
  get given(): { readonly layout: Layout; readonly pages: PagesInFile } {
    const { layout, pages } = this;
    if (layout === undefined || pages === undefined) throw new Error("no layout");
    return { layout, pages };
  }
}

interface Stage {
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
  readonly path: string;
  readonly ino: number;
  readonly content: Buffer;
  readonly channel: FuseChannel;
  readonly last: LastLayout;
  /** What the channel answers a request by itself; undefined where it hands it on. */
  ask(request: Buffer): Promise<Buffer | undefined>;
  /** The same of a READ. */
  read(offset: number, length: number): Promise<Buffer | undefined>;
}

function readRequest(ino: number, offset: number, length: number): Buffer {
  const body = [u64(0), u64(offset), u32(length), u32(0), u64(0), u32(0), u32(0)];
  return wireRequest({ opcode: Opcode.READ, unique: 7n, ino, body });
}

/** Changes a byte of a stored page, counted from the file's first. @returns what it was */
type ChangeByte = (page: number, at: number, change: (byte: number) => number) => number;

function storedBytes(t: Test, path: string, last: LastLayout): ChangeByte {
  const { layout, pages } = last.given;
  const { offset, stride } = pages.file;
  const fd = openSync(path, "r+");
  t.teardown(() => closeSync(fd));
  return (page, at, change) => {
    const place = offset + (layout.page + page) * stride + at;
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, place);
    const before = byte.readUInt8();
    byte.writeUInt8(change(before));
    writeSync(fd, byte, 0, 1, place);
    return before;
  };
}

/** A vault in a file, with one stored file, and a channel whose other end asks. */
async function staged(t: Test): Promise<Stage> {
  const path = join(t.testdir(), "vault");
  const vault = await createTestVault(FileStore.create(path));
  const fs = await newFileSystem(vault, { atime: "noatime" });
  const content = Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8)) % 251));
  const { ino } = await newFile(fs, "file");
  await fs.write(ino, 0, content);
  await vault.commit();
  const { channel, kernel: end } = newChannel();
  const last = new LastLayout(new DirectReads(channel));
  fs.holdLayouts(last);
  const kernel = new Socket({ fd: end });
  let settle: (answer: Buffer | undefined) => void = () => {};
  let parts: Buffer[] = [];
  kernel.on("data", (part) => {
    parts.push(part);
    const whole = Buffer.concat(parts);
    if (whole.length >= whole.readUInt32LE(0)) settle(whole);
  });
  channel.start(
    () => settle(undefined),
    () => {},
  );
  const ask = (request: Buffer): Promise<Buffer | undefined> =>
    new Promise((resolve) => {
      parts = [];
      settle = resolve;
      kernel.write(request);
    });
  const read = async (offset: number, length: number): Promise<Buffer | undefined> => {
    const reply = await ask(readRequest(ino, offset, length));
    if (reply === undefined) return undefined;
    t.equal(reply.readUInt32LE(0), reply.length);
    t.equal(reply.readInt32LE(4), 0);
    t.equal(reply.readBigUInt64LE(8), 7n);
    return reply.subarray(16);
  };
  t.teardown(async () => {
    channel.close();
    kernel.destroy();
    await vault.close();
  });
  await fs.read(ino, 0, 10);
  return { vault, fs, path, ino, content, channel, last, ask, read };
}

t.test("what a layout tells of is read without script, at any offset and length", async (t) => {
  const { read, content, channel } = await staged(t);
  const length = fc.oneof(
    fc.integer({ min: 1, max: 5000 }),
    fc.integer({ min: 1, max: SHARED - 1 }),
    fc.integer({ min: SHARED, max: LONGEST }),
  );
  const property = fc.asyncProperty(fc.nat(5 * PAGE - 1), length, async (offset, length) => {
    const end = Math.min(offset + length, 5 * PAGE);
    const answer = await read(offset, end - offset);
    return answer?.equals(content.subarray(offset, end)) === true;
  });
  await fc.assert(property, { numRuns: 300 });
  t.ok(channel.counters().direct >= 300);
});

t.test("what no layout tells of is asked of the file system", async (t) => {
  const { read, fs, ino, ask, channel } = await staged(t);
  t.equal(await read(5 * PAGE, 1000), undefined, "the tail stands in a pack");
  t.equal(await read(SIZE, 10), undefined, "behind the end");
  t.equal(await read(4 * PAGE, PAGE + 1), undefined, "a part of it is in the tail");
  t.equal(await read(0, 2 ** 20 + 1), undefined, "more than a request may ask for");
  t.equal(await read(0, 0), undefined, "nothing");
  t.equal(await ask(readRequest(ino + 256, 0, 10)), undefined, "another file");
  t.equal(await ask(readRequest(ino, 0, 10).subarray(0, 79)), undefined, "cut short");
  const other = wireRequest({ opcode: Opcode.GETATTR, ino, body: [Buffer.alloc(40)] });
  t.equal(await ask(other), undefined, "another request");
  await fs.write(ino, 3 * PAGE, Buffer.from("x"));
  t.equal(await read(0, 10), undefined, "the file was written to");
  t.equal(channel.counters().direct, 0);
});

t.test("a layout ends in time", async (t) => {
  const { read, content, channel, last } = await staged(t);
  const { layout, pages } = last.given;
  t.same(await read(0, 10), content.subarray(0, 10));
  new DirectReads(channel).grant({ ...layout, until: Date.now() / 1000 - 10 }, pages);
  t.equal(await read(0, 10), undefined);
});

t.test("a page that does not open as what is asked for is left to the file system", async (t) => {
  const { path, read, last, content } = await staged(t);
  const { pages } = last.given;
  const change = storedBytes(t, path, last);
  const flip = (page: number, at: number): number => change(page, at, (byte) => byte ^ 1);
  for (const at of [0, 4, 5, 7, 9, 17, 27, 28, 32, 43, 44, HIT, 44 + PAGE + 20]) {
    flip(1, at);
    const answer = await read(PAGE + 39_000, 2000);
    const isLeft = answer === undefined;
    flip(1, at);
    const isOfOtherPart = !isLeft && answer.equals(content.subarray(PAGE + 39_000, PAGE + 41_000));
    t.ok(isLeft || (pages.full.parts > 1 && at >= 44 && at !== HIT && isOfOtherPart), `byte ${at}`);
  }
  t.same(await read(PAGE, 10), content.subarray(PAGE, PAGE + 10), "whole again");
});

t.test("a long read is right as a whole or left, wherever a page is damaged", async (t) => {
  const { path, read, last, content } = await staged(t);
  const change = storedBytes(t, path, last);
  const expected = content.subarray(1000, 1000 + LONGEST);
  for (let round = 0; round < 20; round++) {
    for (const page of [0, 1, 2, 3]) {
      const before = change(page, 44 + 5000, () => 0);
      const isDamaged = before !== 0;
      const answer = await read(1000, LONGEST);
      change(page, 44 + 5000, () => before);
      if (isDamaged !== (answer === undefined)) t.fail(`page ${page}, round ${round}`);
      if (!(await read(1000, LONGEST))?.equals(expected))
        t.fail(`round ${round} after page ${page}`);
    }
  }
});

t.test("a layout that is wrong gives nothing", async (t) => {
  const { read, channel, last } = await staged(t);
  const { layout, pages } = last.given;
  const grant = (change: Partial<Layout>): void =>
    new DirectReads(channel).grant({ ...layout, ...change }, pages);
  grant({ generation: layout.generation + 1 });
  t.equal(await read(0, 10), undefined, "another generation");
  grant({ page: 2 ** 40 });
  t.equal(await read(0, 10), undefined, "a page behind the end of the file");
  grant({ block: 1, count: 1 });
  t.equal(await read(0, 10), undefined, "another block");
});

t.test("addresses of pages beyond the first segment are counted rightly", async (t) => {
  const { vault, fs, read, last } = await staged(t);
  const { ino } = await newFile(fs, "larger");
  const content = Buffer.alloc(200 * PAGE, "larger file");
  await fs.write(ino, 0, content);
  await vault.commit();
  await fs.read(ino, 150 * PAGE, 10);
  t.equal(last.layout?.ino, ino);
  t.ok((last.layout?.page ?? 0) + 150 > 127);
  t.equal(pageNumber(addressOf(254)), 254);
  const reply = await read(0, 1);
  t.ok(reply);
});

t.test("closed keys read nothing more", async (t) => {
  const { vault, read } = await staged(t);
  t.ok(await read(0, 10));
  t.ok(await read(0, LONGEST));
  await vault.close();
  t.equal(await read(0, 10), undefined);
  t.equal(await read(0, LONGEST), undefined);
});
