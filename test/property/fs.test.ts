import fc from "fast-check";
import t from "tap";
import type { FileSystemOptions } from "../../src/core/fs/fs-context.ts";
import type { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import { AttributeKeeper } from "../support/attribute-keeper.ts";
import { audit } from "../support/audit.ts";
import { type Call, FsModel, OPERATION_NAMES } from "../support/fs-model.ts";
import { LateStore } from "../support/late-store.ts";
import { LayoutKeeper } from "../support/layout-keeper.ts";
import { MemoryFileSystem } from "../support/memory-file-system.ts";
import { MemoryVault } from "../support/memory-vault.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { allRecords, newFileSystem, TestClock } from "../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";

const RUNS = Number(process.env.FC_RUNS ?? 40);
const STEPS = Number(process.env.FC_STEPS ?? 60);
const PAGE = 65_536;

/** Offsets and lengths at and around the places where something changes. */
const bytes = fc.oneof(
  fc.nat(4).map((blocks) => blocks * PAGE),
  fc.constantFrom(0, 1, 1024, 4096, 49_152, PAGE - 1, PAGE + 1),
  fc.integer({ min: 0, max: 2000 }),
  fc.integer({ min: 0, max: 4 * PAGE }),
);
const name = fc.constantFrom("a", "b", "c", "d", "\u00e9", "x".repeat(255));
const pick = fc.nat(100);

const call: fc.Arbitrary<Call> = fc.record({
  op: fc.oneof(
    { arbitrary: fc.constantFrom(...OPERATION_NAMES), weight: 3 },
    {
      arbitrary: fc.constantFrom("mknod", "write", "write", "truncate", "commit", "copy"),
      weight: 2,
    },
  ),
  inode: pick,
  directory: pick,
  other: pick,
  name,
  otherName: name,
  offset: bytes,
  otherOffset: bytes,
  length: bytes,
  variant: fc.nat(255),
});

/** Opens the same vault again and again. */
interface Sessions {
  /** A file system of the first session. */
  begin(): Promise<VaultFileSystem>;
  /** Commits, looks for faults, and begins another session. */
  reopen(): Promise<VaultFileSystem>;
  /** Looks for what is wrong between calls. */
  look?(): Promise<void>;
}

function expectNoFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.join("; "));
}

/** Sessions of a vault in memory that makes every access wait at random. */
function restlessSessions(options: Partial<FileSystemOptions>, seed: number): Sessions {
  const behaviour = { faultRate: 0.1, random: seededRandom(seed) };
  const clock = new TestClock();
  let vault = new MemoryVault(behaviour);
  let keeper: LayoutKeeper;
  let attributes: AttributeKeeper;
  let fs: VaultFileSystem;
  const open = async (): Promise<VaultFileSystem> => {
    keeper = new LayoutKeeper(vault);
    fs = await newFileSystem(vault, { ...options, clock });
    fs.holdLayouts(keeper);
    attributes = new AttributeKeeper();
    fs.holdAttributes(attributes);
    return fs;
  };
  return {
    begin: open,
    reopen: async () => {
      await vault.commit();
      expectNoFaults(audit(vault));
      vault = new MemoryVault(behaviour, vault.committed);
      return open();
    },
    look: async () => {
      await attributes.compare(fs);
      await keeper.compare(fs, clock.sec);
    },
  };
}

/** Sessions of a real vault over a store that answers later. @param isNear - as the store says */
function realSessions(options: Partial<FileSystemOptions>, isNear: boolean): Sessions {
  let store = new LateStore({ isNear });
  let vault: Vault;
  return {
    begin: async () => {
      vault = await createTestVault(store);
      return newFileSystem(vault, options);
    },
    reopen: async () => {
      await vault.commit();
      expectNoFaults(audit({ records: await allRecords(vault), inodes: vault.inodes }));
      await vault.close();
      store = new LateStore({ contents: store.contents, isNear });
      vault = await openTestVault(store);
      return newFileSystem(vault, options);
    },
  };
}

async function agree(calls: readonly Call[], sessions: Sessions): Promise<void> {
  const model = new MemoryFileSystem();
  model.setattr(1, { uid: 0, gid: 0 });
  const models = new FsModel(await sessions.begin(), model, () => sessions.reopen());
  for (const call of calls) {
    await models.run(call);
    await sessions.look?.();
  }
  await models.reopen();
}

const calls = fc.array(call, { maxLength: STEPS, size: "max" });

/** So little that drafts are stored under way, or so much that they are not. */
const draftBytes = fc.constantFrom(3 * PAGE, 1000 * PAGE);

for (const compression of ["none", "deflate"] as const) {
  t.test(`any calls answer as in memory does, compression ${compression}`, async (t) => {
    const property = fc.asyncProperty(calls, draftBytes, fc.integer(), (calls, draftBytes, seed) =>
      agree(calls, restlessSessions({ compression, draftBytes }, seed)),
    );
    await t.resolves(fc.assert(property, { numRuns: RUNS }));
  });
}

t.test("any calls answer as in memory does, over a real vault", async (t) => {
  const property = fc.asyncProperty(calls, draftBytes, fc.boolean(), (calls, draftBytes, isNear) =>
    agree(calls, realSessions({ draftBytes }, isNear)),
  );
  await t.resolves(fc.assert(property, { numRuns: Math.ceil(RUNS / 2) }));
});
