/** The log of the local database over a disk that loses what a failed sync should have written. */
import t, { type Test } from "tap";
import { DatabaseLog } from "../../../src/stores/segments/local/database-log.ts";
import { DiskImage } from "../../crash/rig/disk-image.ts";
import { SimulatedDisk } from "../../crash/rig/simulated-disk.ts";

/** More than is written anew at a time. */
const LENGTH = 2 ** 20 + 5000;

/** As SQLite adds to the log. */
function append(disk: SimulatedDisk, value: number): void {
  disk.write([new Uint8Array(LENGTH).fill(value)], disk.size);
}

function failNextCall({ faults }: SimulatedDisk): void {
  faults.strikeAt(faults.calls.length + 1, "error");
}

function bytesOf(image: DiskImage): Uint8Array {
  const bytes = new Uint8Array(image.size);
  image.read(bytes, 0);
  return bytes;
}

function expectDurable(t: Test, { durable, cached }: SimulatedDisk): void {
  t.ok(Buffer.from(bytesOf(durable)).equals(bytesOf(cached)), "the disk holds what is shown");
}

/** An empty log whose first sync failed when something stood in it. */
async function failedLog(t: Test): Promise<{ disk: SimulatedDisk; log: DatabaseLog }> {
  const disk = new SimulatedDisk(new DiskImage());
  const log = DatabaseLog.open("log", () => disk);
  append(disk, 1);
  failNextCall(disk);
  await t.rejects(log.sync(), { message: /struck/ });
  append(disk, 2);
  return { disk, log };
}

t.test("a sync makes up for one that failed before", async (t) => {
  const { disk, log } = await failedLog(t);
  await log.sync();
  expectDurable(t, disk);
  const written = disk.events.length;
  await log.sync();
  t.equal(disk.events.length, written + 1, "once");
  await log.close();
});

t.test("of two syncs at once, the second makes up for the first", async (t) => {
  const disk = new SimulatedDisk(new DiskImage());
  const log = DatabaseLog.open("log", () => disk);
  append(disk, 1);
  failNextCall(disk);
  const first = log.sync();
  const second = log.sync();
  await t.rejects(first);
  await second;
  expectDurable(t, disk);
  await log.close();
});

t.test("whoever opens a log makes up for a process that died of a failed sync", async (t) => {
  const { disk } = await failedLog(t);
  const next = DatabaseLog.open("log", () => disk);
  expectDurable(t, disk);
  await next.close();
});

t.test("a log that cannot be written opens, and its next sync makes up for that", async (t) => {
  const { disk } = await failedLog(t);
  failNextCall(disk);
  const next = DatabaseLog.open("log", () => disk);
  append(disk, 3);
  await next.sync();
  expectDurable(t, disk);
  await next.close();
});
