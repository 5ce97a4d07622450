/**
 * A commit is a moment: what a power cut leaves is what was there at one time, also when somebody writes without a pause
 * while the commit is made.
 *
 * @module
 */
import { setImmediate } from "node:timers/promises";
import t from "tap";
import { ROOT_INO } from "../../src/core/fs/file-system.ts";
import { openFileVault, survey, vaultImage } from "./rig/file-vault.ts";
import { Model } from "./rig/model.ts";
import { type Operation, perform } from "./rig/operations.ts";
import { SimulatedDisk } from "./rig/simulated-disk.ts";

const COMMITS = 3;

t.test("writers that are faster than a commit do not get half into it", async (t) => {
  const disk = new SimulatedDisk(await vaultImage([]));
  const { vault, fs } = await openFileVault(disk);
  let model = Model.of([]);
  const moments = new Set([model.portrait]);
  const step = async (operation: Operation): Promise<void> => {
    model = model.after(operation) ?? model;
    moments.add(model.portrait);
    await perform(fs, operation);
  };
  let isEnding = false;
  let files = 0;
  // Between any two flushes of a commit, something is written.
  vault.onFlush(() => setImmediate());
  const write = async (): Promise<void> => {
    while (!isEnding) {
      const path = `f${++files}`;
      await step({ do: "create", path });
      await step({ do: "write", path, offset: 0, length: 5000, seed: files });
      await setImmediate();
    }
  };
  const writing = write();
  for (let commit = 0; commit < COMMITS; commit++) {
    await vault.commit();
    t.ok(moments.has(await survey(disk.durable)), `after ${files} files`);
  }
  isEnding = true;
  await writing;
  await fs.fsync(ROOT_INO);
  t.equal(await survey(disk.durable), model.portrait);
  await vault.close();
});
