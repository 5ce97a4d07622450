import { mkdirSync, readdirSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { DirectoryObjectStore } from "../../../src/stores/objects/directory-object-store.ts";
import {
  emptyObjects,
  MemoryObjectStore,
} from "../../../src/stores/objects/memory-object-store.ts";
import type { ObjectId } from "../../../src/stores/objects/object-store.ts";
import { decodeRecordFile, encodeRecordFile } from "../../../src/stores/objects/record-file.ts";
import { objectStoreConformance } from "../../conformance/object-store.ts";

const directory = t.testdir();
const options = {
  random: nodePlatform.random,
  timing: {
    wall: () => 1_000_000,
    after: (_: number, body: () => void) => {
      const timer = setImmediate(body);
      return () => clearImmediate(timer);
    },
  },
};
let made = 0;

function newPath(): string {
  return join(directory, `${++made}`);
}

objectStoreConformance(t, "memory", () => {
  const contents = emptyObjects();
  return { connect: async () => new MemoryObjectStore({ contents }) };
});

objectStoreConformance(t, "directory", () => {
  const path = newPath();
  return { connect: () => DirectoryObjectStore.create(path, options) };
});

t.test("a folder with other files is not taken over, and none is made by opening", async (t) => {
  const path = newPath();
  await t.rejects(DirectoryObjectStore.open(path, options), { code: "STORE_MISSING" });
  mkdirSync(path);
  writeFileSync(join(path, "letter.txt"), "x");
  await t.rejects(DirectoryObjectStore.create(path, options), { code: "STORE_EXISTS" });
  t.same(readdirSync(path), ["letter.txt"]);
});

t.test(
  "a folder that is not there is a store that is down, not objects that are gone",
  async (t) => {
    const path = newPath();
    const store = await DirectoryObjectStore.create(path, options);
    const { id } = await store.put(new Uint8Array(10));
    renameSync(path, `${path}.unmounted`);
    await t.rejects(store.get(id, { offset: 0, length: 1 }), { code: "STORE_DOWN" });
    await t.rejects(store.records(1), { code: "STORE_DOWN" });
    await t.rejects(store.put(new Uint8Array(1)), { code: /STORE_(DOWN|MISSING)/ });
    renameSync(`${path}.unmounted`, path);
    t.equal((await store.get(id, { offset: 0, length: 10 })).length, 10);
  },
);

t.test("foreign files and cut records are stepped over", async (t) => {
  const path = newPath();
  const store = await DirectoryObjectStore.create(path, options);
  const nonce = new Uint8Array(16);
  const record = { kind: "lease", body: new Uint8Array(5), attachments: [], nonce } as const;
  const { position } = await store.append(record);
  const later = await store.append({ ...record, nonce: nonce.slice().fill(1) });
  writeFileSync(join(path, "records", "note (conflicted copy).txt"), "x");
  writeFileSync(join(path, "records", `000000000009-${"a".repeat(32)}`), "no record");
  mkdirSync(join(path, "objects", "photos"));
  writeFileSync(join(path, "objects", "photos", "cat.jpg"), "x");
  truncateSync(join(path, "records", later.position), 10);
  t.same(
    (await store.records(10)).map((found) => found.position),
    [position],
  );
  for await (const object of store.list()) t.fail(`${object.id} was listed`);
});

t.test("attachments whose record never came to be are listed, to be removed", async (t) => {
  const path = newPath();
  const store = await DirectoryObjectStore.create(path, options);
  const left = `records/000000000001-${"b".repeat(32)}.0` as ObjectId;
  writeFileSync(join(path, left), "left behind");
  const ids: string[] = [];
  for await (const { id } of store.list()) ids.push(id);
  t.same(ids, [left]);
  await store.delete([left]);
  for await (const object of store.list()) t.fail(`${object.id} is still there`);
});

t.test("an id never leads out of the folder", async (t) => {
  const store = await DirectoryObjectStore.create(newPath(), options);
  for (const id of ["../../etc/passwd", "objects/../dvault-objects", "records/x", ""]) {
    const range = { offset: 0, length: 1 };
    await t.rejects(store.get(id as ObjectId, range), { code: "OBJECT_GONE" }, id);
  }
});

t.test(
  "any byte flipped in a record file is noticed, and no bytes crash the decoder",
  async (t) => {
    const file = encodeRecordFile({
      kind: "commit",
      timeMs: 1_700_000_000_000,
      body: new Uint8Array(20).fill(7),
      attachments: [1, 2 ** 31],
    });
    t.same(decodeRecordFile(file).attachments, [1, 2 ** 31]);
    for (let i = 0; i < file.length; i++) {
      const flipped = file.slice();
      flipped[i] = (flipped[i] as number) ^ 1;
      t.throws(() => decodeRecordFile(flipped), { code: "RECORD_MALFORMED" }, `byte ${i}`);
    }
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
          try {
            decodeRecordFile(bytes);
          } catch (error) {
            return (error as { code?: string }).code === "RECORD_MALFORMED";
          }
          return true;
        }),
      ),
    );
  },
);
