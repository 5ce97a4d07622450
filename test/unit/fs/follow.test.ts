/** A file system that is read on one machine while another goes on with it. */
import { join } from "node:path";
import t, { type Test } from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import type { FsChange } from "../../../src/core/fs/follow.ts";
import type { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import type { SegmentStore } from "../../../src/stores/segments/segment-store.ts";
import { SegmentPlace } from "../../support/segment-place.ts";
import { namesIn, newFile, newFileSystem, readBytes } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

/** One machine's view of the vault. */
interface Side {
  readonly store: SegmentStore;
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
}

async function publish({ vault, store }: Side): Promise<void> {
  await vault.commit();
  await store.flush();
}

/** Looks for what is newer. */
async function look({ vault, store, fs }: Side): Promise<readonly FsChange[]> {
  await store.refresh();
  return fs.follow((isWanted) => vault.advance(isWanted));
}

async function openWriter(t: Test, place: SegmentPlace): Promise<Side> {
  const store = await place.open("writer", {}, "create");
  const vault = await createTestVault(store);
  t.teardown(() => vault.close());
  return { store, vault, fs: await newFileSystem(vault) };
}

async function openReader(t: Test, place: SegmentPlace): Promise<Side> {
  const store = await place.open("reader", { readOnly: true });
  const vault = await openTestVault(store);
  t.teardown(() => vault.close());
  return { store, vault, fs: await newFileSystem(vault) };
}

/** Looks a file up as the kernel does, which then holds it. */
async function hold(fs: VaultFileSystem, name: string): Promise<number> {
  const { ino } = await entryOf(fs, ROOT_INO, utf8(name));
  fs.retain(ino);
  return ino;
}

/** Changes in words, in order. */
function words(changes: readonly FsChange[]): string[] {
  const shown = changes.map((change) =>
    change.kind === "entry"
      ? `entry ${change.parent} ${Buffer.from(change.name)}`
      : `${change.kind} ${change.ino}`,
  );
  return shown.sort();
}

t.test("names, attributes and contents of what is held are told, and nothing else", async (t) => {
  const place = new SegmentPlace(t.testdir());
  const writer = await openWriter(t, place);
  const made: Record<string, number> = {};
  for (const name of ["changed", "gone", "moded", "same", "unseen"]) {
    const { ino } = await newFile(writer.fs, name);
    await writer.fs.write(ino, 0, utf8(name));
    made[name] = ino;
  }
  await publish(writer);
  const reader = await openReader(t, place);
  for (const name of ["changed", "gone", "moded", "same"]) await hold(reader.fs, name);
  t.same(await look(reader), [], "there is nothing newer yet");

  await writer.fs.write(made.changed ?? 0, 0, Buffer.alloc(100_000, "x"));
  await writer.fs.write(made.unseen ?? 0, 0, utf8("differ"));
  await writer.fs.setattr(made.moded ?? 0, { mode: 0o600 });
  await writer.fs.unlink(ROOT_INO, utf8("gone"));
  await newFile(writer.fs, "new");
  await writer.vault.commit();
  t.same(await look(reader), [], "what is not published is not seen");
  await publish(writer);
  t.same(words(await look(reader)), [
    `attributes ${ROOT_INO}`,
    `attributes ${made.moded}`,
    `contents ${made.changed}`,
    `contents ${made.gone}`,
    `entry ${ROOT_INO} gone`,
    `entry ${ROOT_INO} new`,
  ]);
  t.equal((await readBytes(reader.fs, made.changed ?? 0)).length, 100_000);
  t.equal(String(await readBytes(reader.fs, made.unseen ?? 0)), "differ");
  t.same(await namesIn(reader.fs, ROOT_INO), ["changed", "moded", "new", "same", "unseen"]);
  await t.rejects(async () => reader.fs.getattr(made.gone ?? 0), { code: "ENOENT" });
  t.same(await look(reader), []);
  t.equal(reader.vault.generation, writer.vault.generation);
});

t.test("what a cleaning took away is not asked for again", async (t) => {
  const place = new SegmentPlace(t.testdir());
  const writer = await openWriter(t, place);
  const { ino } = await newFile(writer.fs, "a");
  await writer.fs.write(ino, 0, Buffer.alloc(300_000, 1));
  await publish(writer);
  const reader = await openReader(t, place);
  await hold(reader.fs, "a");
  for (let round = 2; round < 8; round++) {
    await writer.fs.write(ino, 0, Buffer.alloc(300_000, round));
    for (let n = 0; n < 20; n++) await newFile(writer.fs, `${round} ${n}`);
    await publish(writer);
  }
  await writer.store.gc({ targetLiveShare: 1, orphanMs: 0, keepCommits: 2 });
  t.ok(words(await look(reader)).includes(`contents ${ino}`));
  t.equal((await readBytes(reader.fs, ino, 0, 1))[0], 7);
  t.equal((await namesIn(reader.fs, ROOT_INO)).length, 121);
});

t.test(
  "a reader that cannot reach the newest commit stays where it is, and goes on later",
  async (t) => {
    const place = new SegmentPlace(join(t.testdir(), "x"));
    const writer = await openWriter(t, place);
    const { ino } = await newFile(writer.fs, "a");
    await publish(writer);
    const objects = place.objects();
    const store = await place.open("reader", { readOnly: true, objects });
    const vault = await openTestVault(store);
    t.teardown(() => vault.close());
    const reader = { store, vault, fs: await newFileSystem(vault) };
    await hold(reader.fs, "a");
    await writer.fs.write(ino, 0, utf8("newer"));
    await publish(writer);
    objects.fate = () => "before";
    await t.rejects(look(reader), { code: "STORE_DOWN" });
    t.equal((await reader.fs.getattr(ino)).size, 0);
    objects.fate = () => "pass";
    t.ok(words(await look(reader)).includes(`contents ${ino}`));
    t.equal(String(await readBytes(reader.fs, ino)), "newer");
  },
);

t.test("a vault that is written to follows nobody", async (t) => {
  const writer = await openWriter(t, new SegmentPlace(t.testdir()));
  await t.rejects(
    writer.vault.advance(() => true),
    /cannot follow another writer/,
  );
});
