/**
 * Images of vaults in objects and records: in a folder, and in memory with the layout of Discord, where what is attached
 * to a message goes with it.
 *
 * @module
 */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { DirectoryObjectStore } from "../../../src/stores/objects/directory-object-store.ts";
import { systemTiming } from "../../../src/stores/objects/discord/steady-timing.ts";
import {
  emptyObjects,
  MemoryObjectStore,
  type MemoryObjects,
} from "../../../src/stores/objects/memory-object-store.ts";
import type { LogRecord, ObjectStore } from "../../../src/stores/objects/object-store.ts";
import { frameSize } from "../../../src/stores/segments/format/extent.ts";
import { openSegmentStore } from "../../../src/stores/segments/open-segment-store.ts";
import { findFrames } from "../../../src/stores/segments/search/find-frames.ts";
import { SearchStore } from "../../../src/stores/segments/search/search-store.ts";
import type { Image, PageSpan, VaultImage } from "./image.ts";
import { type PartNames, Placement } from "./placement.ts";

const OBJECT = "object ";
const RECORD = "record ";
/** Says what a folder of objects is. */
const MARKER = "dvault-objects";
/** Held by whoever appends; it holds nothing. */
const LOCK = "lock";

/**
 * Takes the image of a place in memory.
 * @throws Error when there is no vault in it
 */
export function memoryImage({ objects, records }: MemoryObjects): Promise<VaultImage> {
  const image = new Map<string, Uint8Array>();
  for (const [id, { bytes }] of objects) image.set(OBJECT + id, bytes);
  for (const { position, body } of records) image.set(RECORD + position, body);
  const attached = new Map(records.map(({ position, attachments }) => [position, attachments]));
  return objectImage({
    name: "objects, as at Discord",
    image,
    needed: [],
    partOf: (id) => OBJECT + id,
    partOfRecord: (position) => RECORD + position,
    deletedWith: (part) => {
      const position = part.startsWith(RECORD) ? part.slice(RECORD.length) : "";
      return (attached.get(position) ?? []).map(({ id }) => OBJECT + id);
    },
    connect: async (next) => new MemoryObjectStore({ contents: contentsOf(next, records) }),
  });
}

function contentsOf(image: Image, records: readonly LogRecord[]): MemoryObjects {
  const contents = emptyObjects();
  const attachments = new Set<string>(
    records.flatMap((record) => record.attachments.map(({ id }) => id)),
  );
  for (const [part, bytes] of image) {
    if (!part.startsWith(OBJECT)) continue;
    const id = part.slice(OBJECT.length);
    contents.objects.set(id, { bytes, timeMs: 0, isAttachment: attachments.has(id) });
  }
  for (const record of records) {
    const body = image.get(RECORD + record.position);
    if (body !== undefined) contents.records.push({ ...record, body });
  }
  return contents;
}

/**
 * Takes the image of a folder of objects, which is the one that others are opened in from then on.
 * @throws Error when there is no vault in it
 */
export function folderImage(folder: string): Promise<VaultImage> {
  const files = filesIn(folder);
  const image: Image = new Map(
    files.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
  );
  let present = image;
  const bring = (next: Image): void => {
    for (const part of present.keys()) if (!next.has(part)) rmSync(join(folder, part));
    for (const [part, bytes] of next) {
      if (present.get(part) !== bytes) writeFileSync(join(folder, part), bytes);
    }
    present = next;
  };
  return objectImage({
    name: "folder",
    image,
    needed: [MARKER],
    partOf: (id) => id,
    partOfRecord: (position) => `records/${position}`,
    deletedWith: () => [],
    connect: (next, isDamaged) => {
      bring(next);
      const options = { random: nodePlatform.random, timing: systemTiming, readOnly: true };
      return DirectoryObjectStore.open(folder, { ...options, isMarkerNeeded: !isDamaged });
    },
  });
}

/** Names of the files that a folder of objects consists of. */
export function filesIn(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name !== LOCK && statSync(join(folder, name)).isFile());
}

/** What is different from one store of objects to another. */
interface ObjectImage extends Pick<VaultImage, "name" | "image" | "deletedWith">, PartNames {
  readonly connect: (image: Image, isDamaged: boolean) => Promise<ObjectStore>;
  /** Parts that have to be there, whatever they hold. */
  readonly needed: readonly string[];
}

async function objectImage(parts: ObjectImage): Promise<VaultImage> {
  const { image, needed, connect } = parts;
  const options = { database: "", timing: systemTiming, random: nodePlatform.random };
  const host = { name: "somewhere", pid: 1, machine: "0".repeat(16) };
  const placement = await Placement.read(await connect(image, false), parts);
  return {
    ...parts,
    structure: [...placement.structure, ...needed.map((part) => ({ part, start: 0, end: 0 }))],
    pages: framesOf(image),
    isNamed: (page) => placement.names(page),
    open: async (next) => {
      const objects = await connect(next, false);
      return openSegmentStore({ ...options, objects, host, readOnly: true, readsCache: false });
    },
    search: async (next) => {
      return SearchStore.open({ ...options, objects: await connect(next, true), host });
    },
  };
}

/** Every page that stands in an image, framed as in objects. */
export function framesOf(image: Image): readonly PageSpan[] {
  return [...image].flatMap(([part, bytes]) =>
    [...findFrames(bytes)].map(({ header, offset, length }) => {
      const { address, generation } = header;
      return { part, start: offset, end: offset + frameSize(length), address, generation };
    }),
  );
}
