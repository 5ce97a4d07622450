/**
 * Changing the vault key and compacting are interrupted at every system call of the store: it fails, is cut short, or is the
 * last one before the process dies. Afterwards the vault opens with the old password or the new one, is whole, and the work
 * goes on to its end.
 *
 * `DVAULT_INTERRUPTIONS=1000` interrupts each so often, one session after the other on the same vault.
 */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { utf8 } from "../../src/core/base/bytes.ts";
import { KeyError } from "../../src/core/base/errors.ts";
import { makeNewKeys } from "../../src/core/crypto/new-keys.ts";
import { SecretBytes } from "../../src/core/crypto/secret-bytes.ts";
import { checkVault } from "../../src/core/fs/check/check-vault.ts";
import { ROOT_INO } from "../../src/core/fs/file-system.ts";
import { compactPages, planCompaction } from "../../src/core/fs/move/compact-pages.ts";
import { renewPages } from "../../src/core/fs/move/renew-pages.ts";
import { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { newFile, newFileSystem } from "../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";
import { makeVariedContents } from "../support/varied-contents.ts";
import { type ListedEntry, listContents } from "../support/vault-contents.ts";
import { DiskImage } from "./rig/disk-image.ts";
import type { Blow } from "./rig/faults.ts";
import { INTERRUPTIONS, isLong, SEED } from "./rig/scale.ts";
import { SimulatedDisk } from "./rig/simulated-disk.ts";

const NAME = join(tmpdir(), "simulated.dvault");
const BLOWS: readonly Blow[] = ["error", "short", "death"];
/** System calls of the store that the work makes, about. */
const CALLS = 80;
const stride = isLong ? 1 : CALLS;

/** Work that is interrupted. */
type Work = (vault: Vault, store: FileStore) => Promise<void>;

/** A vault file with room at its front, and what it holds. */
async function newImage(): Promise<{
  readonly image: DiskImage;
  readonly contents: Record<string, ListedEntry>;
}> {
  const disk = new SimulatedDisk(new DiskImage());
  const vault = await createTestVault(new FileStore(NAME, disk, false));
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "front");
  await fs.write(ino, 0, new Uint8Array(50 * 65_536).fill(1));
  await vault.commit();
  await makeVariedContents(vault, fs);
  await vault.snapshots.create(utf8("then"));
  await fs.unlink(ROOT_INO, utf8("front"));
  const contents = await listContents(fs);
  await vault.close();
  return { image: disk.durable, contents };
}

const { image, contents } = await newImage();

async function rotate(vault: Vault): Promise<void> {
  if (vault.keys.older.every(({ doneAt }) => doneAt > 0)) {
    const password = new SecretBytes(utf8("correct horse"));
    const made = await makeNewKeys(nodePlatform, vault.id, vault.keys.list(), [password]);
    await vault.keys.replaceVaultKey(made.vaultKey, made.slots);
  }
  await renewPages(vault, {});
}

async function compact(vault: Vault, store: FileStore): Promise<void> {
  await compactPages(vault, store, await planCompaction(vault), {});
}

/** Opens what a crash left, and looks at everything. */
async function expectWhole(disk: SimulatedDisk): Promise<void> {
  const vault = await openTestVault(new FileStore(NAME, disk, false));
  const { compressor } = nodePlatform;
  const report = await checkVault(vault, { readData: true, compressor });
  assert.deepEqual(report.findings, []);
  assert.deepEqual(await listContents(new VaultFileSystem(vault, nodePlatform)), contents);
  const kept = vault.snapshots.view(vault.snapshots.find(utf8("then")));
  await listContents(new VaultFileSystem(kept, nodePlatform));
  await vault.abandon();
}

/** Runs work on a disk until it ends, one way or the other. @returns whether it was done */
async function attempt(disk: SimulatedDisk, work: Work): Promise<boolean> {
  try {
    const store = new FileStore(NAME, disk, false);
    const vault = await openTestVault(store);
    try {
      await work(vault, store);
      await vault.close();
      return true;
    } catch {
      await vault.abandon().catch(() => undefined);
      return false;
    }
  } catch (error) {
    assert.ok(!(error instanceof KeyError), "some key always opens the vault");
    return false;
  }
}

for (const [name, work] of [
  ["a change of the vault key", rotate],
  ["compacting", compact],
] as const) {
  t.test(`${name}, interrupted at each call`, async (t) => {
    const whole = new SimulatedDisk(image);
    assert.ok(await attempt(whole, work));
    await expectWhole(new SimulatedDisk(whole.durable));
    let strikes = 0;
    for (const [nth, blow] of BLOWS.entries()) {
      const first = 1 + ((31 * (SEED + nth)) % stride);
      for (let number = first; number <= whole.faults.calls.length; number += stride) {
        const disk = new SimulatedDisk(image);
        disk.faults.strikeAt(number, blow);
        await attempt(disk, work);
        for (const left of [disk.cached, disk.durable]) {
          try {
            await expectWhole(new SimulatedDisk(left));
          } catch (error) {
            throw new Error(`${blow} at ${disk.faults.struck}`, { cause: error });
          }
        }
        const again = new SimulatedDisk(disk.durable);
        assert.ok(await attempt(again, work), "the work can be done afterwards");
        await expectWhole(new SimulatedDisk(again.durable));
        strikes += 1;
      }
    }
    t.comment(`${whole.faults.calls.length} calls, ${strikes} interruptions`);
    t.pass();
  });

  t.test(`${name}, interrupted again and again on one vault`, async (t) => {
    const random = seededRandom(SEED + 1);
    let left = image;
    let done = 0;
    for (let n = 0; n < INTERRUPTIONS; n++) {
      const disk = new SimulatedDisk(left);
      const blow = BLOWS[Math.floor(random() * BLOWS.length)] as Blow;
      disk.faults.strikeAt(1 + Math.floor(random() * CALLS), blow);
      if (await attempt(disk, work)) done += 1;
      left = random() < 0.5 ? disk.cached : disk.durable;
      await expectWhole(new SimulatedDisk(left));
      if ((n + 1) % 100 === 0) t.comment(`${n + 1} interruptions`);
    }
    t.comment(`${INTERRUPTIONS} interruptions, ${done} sessions came to their end`);
    t.pass();
  });
}
