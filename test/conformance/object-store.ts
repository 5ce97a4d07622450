/**
 * What every ObjectStore must do, whatever keeps its objects. Call {@link objectStoreConformance} once per kind.
 *
 * @module
 */
import type { Test } from "tap";
import { type ObjectSource, SHORTEST_PIECE } from "../../src/stores/objects/object-bytes.ts";
import type {
  ListOptions,
  LogRecord,
  NewRecord,
  ObjectStore,
} from "../../src/stores/objects/object-store.ts";

/** A place for objects that several clients can open. */
export interface ObjectsUnderTest {
  /** Opens a client of the same, at first empty, place. */
  connect(): Promise<ObjectStore>;
}

let made = 0;

function bytesOf(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0xff);
}

/** The same bytes as a source whose pieces stand no longer than they have to. */
function inPieces(bytes: Uint8Array): ObjectSource {
  const rooms = [new Uint8Array(SHORTEST_PIECE), new Uint8Array(SHORTEST_PIECE)] as const;
  return {
    length: bytes.length,
    async *pieces() {
      for (let at = 0, turn = 0; at < bytes.length; at += SHORTEST_PIECE, turn ^= 1) {
        const piece = bytes.subarray(at, at + SHORTEST_PIECE);
        const room = rooms[turn] as Uint8Array;
        room.fill(0).set(piece);
        yield room.subarray(0, piece.length);
      }
    },
  };
}

function recordOf(body: string, attachments: readonly Uint8Array[] = []): NewRecord {
  const nonce = new Uint8Array(16).fill(++made);
  return { kind: "commit", body: new TextEncoder().encode(body), attachments, nonce };
}

function bodies(records: readonly LogRecord[]): string[] {
  return records.map((record) => new TextDecoder().decode(record.body));
}

async function listed(store: ObjectStore, options?: ListOptions): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of store.list(options)) ids.push(id);
  return ids.sort();
}

/** Runs the suite. */
export function objectStoreConformance(
  t: Test,
  name: string,
  makeObjects: () => ObjectsUnderTest,
): void {
  t.test(`${name}: objects of every length come back, for another client too`, async (t) => {
    const under = makeObjects();
    const store = await under.connect();
    for (const length of [1, 2, 1023, 65_624, 1_000_000]) {
      const bytes = bytesOf(length, length);
      const { id, length: kept } = await store.put(bytes);
      t.equal(kept, length);
      t.match(id, /^[\x21-\x7e]{1,80}$/);
      const other = await under.connect();
      t.ok(
        Buffer.from(await other.get(id, { offset: 0, length })).equals(bytes),
        `${length} bytes`,
      );
      await other.close();
    }
    await store.close();
  });

  t.test(
    `${name}: bytes that come in pieces, from room that is used again, are kept as they came`,
    async (t) => {
      const store = await makeObjects().connect();
      const bytes = bytesOf(1_000_000);
      const { id, length } = await store.put(inPieces(bytes));
      t.equal(length, bytes.length);
      t.ok(Buffer.from(await store.get(id, { offset: 0, length })).equals(bytes));
      await store.close();
    },
  );

  t.test(`${name}: a range gives exactly its bytes`, async (t) => {
    const store = await makeObjects().connect();
    const bytes = bytesOf(5000);
    const { id } = await store.put(bytes);
    for (const [offset, length] of [
      [0, 1],
      [4999, 1],
      [100, 4900],
      [0, 5000],
    ] as const) {
      const part = await store.get(id, { offset, length });
      t.ok(
        Buffer.from(part).equals(bytes.subarray(offset, offset + length)),
        `${offset}+${length}`,
      );
    }
    await t.rejects(store.get(id, { offset: 4000, length: 1001 }), { code: "OBJECT_CUT" });
    await store.close();
  });

  t.test(`${name}: a deleted object is gone, deleting it again is fine`, async (t) => {
    const store = await makeObjects().connect();
    const kept = await store.put(bytesOf(10));
    const { id } = await store.put(bytesOf(10));
    t.same(await listed(store), [kept.id, id].sort());
    await store.delete([id]);
    await store.delete([id]);
    t.same(await listed(store), [kept.id]);
    await t.rejects(store.get(id, { offset: 0, length: 1 }), { code: "OBJECT_GONE" });
    await store.close();
  });

  t.test(`${name}: records are a log, newest first, the same for all clients`, async (t) => {
    const under = makeObjects();
    const one = await under.connect();
    const two = await under.connect();
    t.same(await one.records(10), []);
    for (const [i, store] of [one, two, one, two].entries()) await store.append(recordOf(`${i}`));
    const records = await one.records(100);
    t.same(bodies(records), ["3", "2", "1", "0"]);
    t.same(await two.records(100), records);
    t.same(bodies(await one.records(2)), ["3", "2"]);
    t.same(bodies(await one.records(2, records[1]?.position)), ["1", "0"]);
    const positions = records.map((record) => record.position);
    t.same([...positions].sort().reverse(), positions, "positions sort as strings");
    await one.close();
    await two.close();
  });

  t.test(`${name}: attachments come and go with their record, and are not listed`, async (t) => {
    const store = await makeObjects().connect();
    const parts = [bytesOf(100, 1), bytesOf(70_000, 2)];
    const appended = await store.append(recordOf("with parts", parts));
    const [record] = await store.records(1);
    t.same(record?.attachments, appended.attachments);
    t.same(
      record?.attachments.map(({ length }) => length),
      [100, 70_000],
    );
    for (const [i, { id, length }] of (record?.attachments ?? []).entries()) {
      const bytes = await store.get(id, { offset: 0, length });
      t.ok(Buffer.from(bytes).equals(parts[i] ?? bytesOf(0)), `attachment ${i}`);
    }
    t.same(await listed(store), []);
    const ids = appended.attachments.map(({ id }) => id as string).sort();
    t.same(await listed(store, { withAttachments: true }), ids, "but for recovery");
    await store.deleteRecords([appended.position]);
    await store.deleteRecords([appended.position]);
    t.same(await listed(store, { withAttachments: true }), []);
    t.same(await store.records(10), []);
    for (const { id } of appended.attachments) {
      await t.rejects(store.get(id, { offset: 0, length: 1 }), { code: "OBJECT_GONE" });
    }
    await store.close();
  });

  t.test(`${name}: appending the same twice happens once`, async (t) => {
    const under = makeObjects();
    const store = await under.connect();
    const record = recordOf("once", [bytesOf(10)]);
    const first = await store.append(record);
    await store.append(recordOf("between"));
    const again = await (await under.connect()).append(record);
    t.equal(again.position, first.position);
    t.same(again.attachments, first.attachments);
    t.same(bodies(await store.records(10)), ["between", "once"]);
    await store.close();
  });

  t.test(`${name}: what is too large is refused`, async (t) => {
    const store = await makeObjects().connect();
    const tooLarge = new Uint8Array(store.limits.objectBytes + 1);
    await t.rejects(store.put(tooLarge), { code: "STORE_FULL" });
    t.same(await listed(store), []);
    await store.close();
  });

  t.test(`${name}: an aborted signal ends a call before it begins`, async (t) => {
    const store = await makeObjects().connect();
    const { id } = await store.put(bytesOf(10));
    const options = { signal: AbortSignal.abort() };
    await t.rejects(store.put(bytesOf(1), options), { name: "AbortError" });
    await t.rejects(store.get(id, { offset: 0, length: 1 }, options), { name: "AbortError" });
    await t.rejects(store.append(recordOf("never"), options), { name: "AbortError" });
    await t.rejects(store.records(1, undefined, options), { name: "AbortError" });
    t.same(await store.records(10), []);
    await store.close();
  });
}
