/**
 * What the disk may hold after a power cut: everything that was synchronised, and of what was written since, any part.
 *
 * A write that was not synchronised is there, or not, or in part: sectors of 512 bytes are there or not, or hold nonsense when
 * the power went while they were written. The order of writes says nothing: where two overlap, the older one may be the
 * one that stays.
 *
 * @module
 */
import type { DiskChange, DiskImage } from "./disk-image.ts";
import type { DiskEvent } from "./simulated-disk.ts";

/** Bytes a disk writes whole or not at all. */
const SECTOR = 512;

/** Writes of no more sectors are cut at each of them: headers are, and nothing matters more. */
const SHORT = 8;

/** An image, and at which moment the power went. */
export interface PowerCut {
  /** Events before the cut. */
  readonly at: number;
  readonly image: DiskImage;
}

/** How many images are made. */
export interface PowerCutOptions {
  /** Numbers from 0 to 1 that decide about samples. */
  readonly random: () => number;
  /** With no more than so many changes waiting, every subset of them is tried. */
  readonly exhaustive: number;
  /** Sampled images after each change beside those: parts, in any order. */
  readonly samples: number;
  /** Whether short writes are cut at each sector. */
  readonly tears: boolean;
}

/**
 * Images for cuts after each event. One that is the same as of an earlier cut is left out: as long as nothing is synchronised, a
 * cut is told from earlier ones by the newest change.
 *
 * @param start - what was durable before the first event
 */
export function* powerCuts(
  start: DiskImage,
  events: readonly DiskEvent[],
  options: PowerCutOptions,
): Generator<PowerCut> {
  const durable = start.copy();
  let pending: { readonly number: number; readonly change: DiskChange }[] = [];
  yield { at: 0, image: start };
  for (const [number, event] of events.entries()) {
    if (event.kind !== "sync") {
      for (const image of imagesWith(durable, changesOf(pending), event, options)) {
        yield { at: number + 1, image };
      }
      pending.push({ number, change: event });
      continue;
    }
    const covered = pending.filter((one) => one.number < event.through);
    pending = pending.filter((one) => one.number >= event.through);
    if (!event.isLost) for (const { change } of covered) durable.apply(change);
    yield { at: number + 1, image: durable.copy() };
  }
}

function changesOf(pending: readonly { readonly change: DiskChange }[]): readonly DiskChange[] {
  return pending.map(({ change }) => change);
}

/** Images in which the newest change shows. */
function* imagesWith(
  durable: DiskImage,
  older: readonly DiskChange[],
  newest: DiskChange,
  { random, samples, exhaustive, tears }: PowerCutOptions,
): Generator<DiskImage> {
  if (older.length <= exhaustive) {
    for (let subset = 0; subset < 2 ** older.length; subset++) {
      const kept = older.filter((_, n) => ((subset >>> n) & 1) === 1);
      yield imageOf(durable, [...kept, newest]);
    }
  } else yield imageOf(durable, [...older, newest]);
  for (const torn of tears ? tearsOf(newest, random) : []) {
    yield imageOf(durable, [...older, ...torn]);
  }
  for (let sample = 0; sample < samples; sample++) {
    const kept = shuffled([...older, newest], random).flatMap((change) => partsOf(change, random));
    yield imageOf(durable, kept);
  }
}

/** A short write with the power gone in the middle of each sector. */
function* tearsOf(change: DiskChange, random: () => number): Generator<readonly DiskChange[]> {
  const sectors = change.kind === "write" ? sectorsOf(change) : [];
  if (sectors.length > SHORT) return;
  for (const [n, sector] of sectors.entries())
    yield [...sectors.slice(0, n), garbled(sector, random)];
}

function imageOf(durable: DiskImage, changes: readonly DiskChange[]): DiskImage {
  const image = durable.copy();
  for (const change of changes) image.apply(change);
  return image;
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

/** What is left of a change: all, nothing, or some sectors. */
function partsOf(change: DiskChange, random: () => number): readonly DiskChange[] {
  const fate = Math.floor(random() * 5);
  if (fate === 0) return [];
  if (fate === 1 || change.kind === "truncate") return [change];
  const sectors = sectorsOf(change);
  const cut = Math.floor(random() * sectors.length);
  if (fate === 2) return sectors.slice(0, cut);
  if (fate === 3) return sectors.slice(cut);
  if (fate === 4) return sectors.filter(() => random() < 0.5);
  return sectors.map((sector, n) =>
    n >= cut && random() < 0.5 ? garbled(sector, random) : sector,
  );
}

type Write = Extract<DiskChange, { readonly kind: "write" }>;

function sectorsOf({ offset, bytes }: Write): Write[] {
  const sectors: Write[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + SECTOR - ((offset + at) % SECTOR));
    sectors.push({ kind: "write", offset: offset + at, bytes: bytes.subarray(at, end) });
    at = end;
  }
  return sectors;
}

function garbled({ offset, bytes }: Write, random: () => number): Write {
  return { kind: "write", offset, bytes: bytes.map(() => Math.floor(random() * 256)) };
}
