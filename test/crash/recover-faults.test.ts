/**
 * Recovering a damaged vault file is interrupted, by any system call on the new vault or on the file for what is made anew of the old one:
 * it fails, is cut short, or is the last one before the process dies. Afterwards the damaged file is as it was, what stands in
 * the new vault under a name is as it has to be, and recovering once more gives what it would have given at once.
 *
 * `DVAULT_INTERRUPTIONS=1000` interrupts so often.
 */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { utf8 } from "../../src/core/base/bytes.ts";
import { FormatError } from "../../src/core/base/errors.ts";
import { decodePageHeader } from "../../src/core/format/page-header.ts";
import { checkVault } from "../../src/core/fs/check/check-vault.ts";
import { ROOT_INO } from "../../src/core/fs/file-system.ts";
import { copyTree } from "../../src/core/fs/recover/copy-tree.ts";
import { type RecoveredVault, recoverVault } from "../../src/core/fs/recover/recover-vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import {
  HEADER_SLOT_SIZE,
  HEADER_SLOTS,
  pageOffset,
  pagesWithin,
} from "../../src/stores/file/layout.ts";
import { makeSampleFiles } from "../support/sample-files.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { creation, newFileSystem } from "../support/test-file-system.ts";
import { createTestVault, openTestVault, testCredentials } from "../support/test-vault.ts";
import { type ListedEntry, listContents } from "../support/vault-contents.ts";
import { DiskImage } from "./rig/disk-image.ts";
import { type Blow, Faults } from "./rig/faults.ts";
import { INTERRUPTIONS, SEED } from "./rig/scale.ts";
import { SimulatedDisk } from "./rig/simulated-disk.ts";

const NAME = join(tmpdir(), "simulated.dvault");
const BLOWS: readonly Blow[] = ["error", "short", "death"];
const FILES = 40;
const ENTRIES_PER_COMMIT = 3;

/** What has no name of its own yet: a link or a device that is being copied. */
const PASSING = /\/\.#\d+\.new(\.\d+)?$/;

/** A vault file that has lost its headers and a page of a file. */
async function damagedImage(): Promise<DiskImage> {
  const disk = new SimulatedDisk(new DiskImage());
  const vault = await createTestVault(new FileStore(NAME, disk, false));
  const fs = await newFileSystem(vault);
  await makeSampleFiles(fs);
  const { ino } = await fs.mkdir(ROOT_INO, utf8("many"), creation(0o040755));
  for (let n = 0; n < FILES; n++) {
    const file = await fs.mknod(ino, utf8(`file ${n}`), creation(0o100644), 0);
    await fs.write(file.ino, 0, utf8(`content of file ${n} `.repeat(n % 4 === 0 ? 100 : 10)));
  }
  await vault.close();
  const image = disk.durable;
  image.apply({ kind: "write", offset: 0, bytes: new Uint8Array(HEADER_SLOTS * HEADER_SLOT_SIZE) });
  const pages = Array.from({ length: pagesWithin(image.size) }, (_, n) => pageOffset(n));
  const [hurt = 0] = pages.filter((offset) => {
    const header = decodePageHeader(bytesOf(image, offset, 32));
    return typeof header !== "string" && header.pageClass === "data";
  });
  const [byte = 0] = bytesOf(image, hurt + 1000, 1);
  image.apply({ kind: "write", offset: hurt + 1000, bytes: Uint8Array.of(byte ^ 1) });
  return image;
}

function bytesOf(image: DiskImage, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  image.read(bytes, offset);
  return bytes;
}

const image = await damagedImage();

/** Recovers onto a disk. @returns whether it came to its end */
async function recover(target: SimulatedDisk): Promise<boolean> {
  const disk = new SimulatedDisk(image);
  const upper = new FileStore(NAME, new SimulatedDisk(new DiskImage(), target.faults), false);
  const store = new FileStore(NAME, disk, true);
  const source = { store, platform: nodePlatform, credentials: testCredentials() };
  let recovered: RecoveredVault | undefined;
  try {
    recovered = await recoverVault(source, { upper, owner: { uid: 1000, gid: 100 } });
    await copyOnto(target, recovered);
    return true;
  } catch (error) {
    if (target.faults.struck === undefined) throw error;
    return false;
  } finally {
    await recovered?.vault.abandon();
    assert.deepEqual(disk.events, [], "nothing is written to the damaged file");
  }
}

async function copyOnto(target: SimulatedDisk, recovered: RecoveredVault): Promise<void> {
  const vault = await createTestVault(new FileStore(NAME, target, false));
  let committing = Promise.resolve();
  let entries = 0;
  try {
    await copyTree({
      from: await newFileSystem(recovered.vault),
      to: await newFileSystem(vault),
      doubts: recovered.doubts,
      // As a vault does by itself while it is written, so that an interruption finds something done.
      onEntry: () => {
        entries += 1;
        if (entries % ENTRIES_PER_COMMIT !== 0) return;
        committing = committing.then(() => vault.commit()).catch(() => undefined);
      },
      onDirectory: () => undefined,
    });
    await committing;
    await vault.close();
  } catch (error) {
    await committing;
    await vault.abandon();
    throw error;
  }
}

/** What a disk holds, by path; undefined when it is no vault yet, or one without a root directory. */
async function listed(content: DiskImage): Promise<Record<string, ListedEntry> | undefined> {
  try {
    const vault = await openTestVault(new FileStore(NAME, new SimulatedDisk(content), false));
    if (vault.inspect().root.inodes === 0) return undefined;
    const { compressor } = nodePlatform;
    const { findings } = await checkVault(vault, { readData: true, compressor });
    assert.deepEqual(findings, []);
    const entries = await listContents(await newFileSystem(vault));
    await vault.abandon();
    return entries;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** What of an entry a copy has to have; how it is stored may differ. */
function essence({ blocks: _, ...rest }: ListedEntry): object {
  return rest;
}

/** Each name is of something that is copied in full; more names and a directory's attributes may still be missing. */
function expectPart(found: Record<string, ListedEntry>, all: Record<string, ListedEntry>): void {
  for (const [path, entry] of Object.entries(found)) {
    if (PASSING.test(path) || entry.mode.startsWith("4")) continue;
    const whole = all[path];
    assert.ok(whole !== undefined && entry.nlink <= whole.nlink, path);
    assert.deepEqual(essence({ ...entry, nlink: whole.nlink }), essence(whole), path);
  }
}

function expectAll(
  found: Record<string, ListedEntry> | undefined,
  all: Record<string, ListedEntry>,
): void {
  assert.ok(found !== undefined);
  assert.deepEqual(Object.keys(found).sort(), Object.keys(all).sort());
  for (const [path, entry] of Object.entries(found)) {
    assert.deepEqual(essence(entry), essence(all[path] as ListedEntry), path);
  }
}

t.test("recovering, interrupted and begun again", async (t) => {
  const random = seededRandom(SEED + 2);
  const whole = new SimulatedDisk(new DiskImage());
  assert.ok(await recover(whole));
  const all = await listed(whole.durable);
  assert.ok(all !== undefined);
  const hurt = Object.keys(all).filter((path) => path.endsWith(".partial"));
  t.ok(hurt.length > 0, "not all of it can be whole");
  const calls = whole.faults.calls.length;
  const ended = { done: 0, begun: 0, nothing: 0 };
  for (let n = 1; n <= INTERRUPTIONS; n++) {
    const faults = new Faults();
    const blow = BLOWS[Math.floor(random() * BLOWS.length)] as Blow;
    faults.strikeAt(1 + Math.floor(random() * calls), blow);
    const disk = new SimulatedDisk(new DiskImage(), faults);
    const isDone = await recover(disk);
    const left = await listed(random() < 0.5 ? disk.cached : disk.durable);
    if (isDone) expectAll(left, all);
    else if (left !== undefined) expectPart(left, all);
    const begun = left === undefined ? "nothing" : "begun";
    ended[isDone ? "done" : begun] += 1;
    const again = new SimulatedDisk(new DiskImage());
    assert.ok(await recover(again));
    expectAll(await listed(again.durable), all);
    if (n % 100 === 0) t.comment(`${n} interruptions`);
  }
  t.comment(`${INTERRUPTIONS} interruptions at ${calls} calls: ${JSON.stringify(ended)}`);
});
