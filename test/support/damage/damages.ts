/**
 * Single damages to an image of a vault: a bit flips, the end is cut off, a page reads as zeros, two pages change places, a
 * part is gone.
 *
 * @module
 */
import type { Image, PageSpan, VaultImage } from "./image.ts";

/** Kinds of damage. */
export const DAMAGES = ["flip", "cut", "zero", "swap", "delete"] as const;

/** A kind of damage. */
export type Damage = (typeof DAMAGES)[number];

/** What damages are drawn from. */
export interface DamageSource extends Pick<VaultImage, "image" | "pages" | "deletedWith"> {
  /** Numbers from 0 to 1. */
  readonly random: () => number;
}

/** An image with one damage, which says what was done. */
export interface DamagedImage {
  readonly image: Image;
  readonly what: string;
}

/** Damages an image; the intact one stays as it is. */
export function damaged(source: DamageSource, damage: Damage): DamagedImage {
  return MAKERS[damage](source);
}

const MAKERS: Readonly<Record<Damage, (source: DamageSource) => DamagedImage>> = {
  flip(source) {
    const { part, at } = anyByte(source);
    const bit = Math.floor(source.random() * 8);
    return changed(source, `bit ${bit} of byte ${at} of ${part} flipped`, part, (bytes) => {
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
    });
  },
  cut(source) {
    const { part, at } = anyByte(source);
    const image = new Map(source.image);
    image.set(part, (source.image.get(part) as Uint8Array).slice(0, at));
    return { image, what: `${part} cut off at ${at}` };
  },
  zero(source) {
    const { part, start, end, address } = pick(source, source.pages);
    return changed(source, `page ${address} in ${part} zeroed`, part, (bytes) => {
      bytes.fill(0, start, end);
    });
  },
  swap(source) {
    const one = pick(source, source.pages);
    const two = pick(source, source.pages);
    const length = Math.min(one.end - one.start, two.end - two.start);
    const image = new Map(source.image);
    for (const { part } of [one, two]) image.set(part, source.image.get(part)?.slice() ?? NOTHING);
    const from = (span: PageSpan): Uint8Array =>
      source.image.get(span.part)?.subarray(span.start, span.start + length) ?? NOTHING;
    image.get(one.part)?.set(from(two), one.start);
    image.get(two.part)?.set(from(one), two.start);
    return { image, what: `pages ${one.address} and ${two.address} swapped` };
  },
  delete(source) {
    const part = pick(source, [...source.image.keys()]);
    const image = new Map(source.image);
    for (const gone of [part, ...source.deletedWith(part)]) image.delete(gone);
    return { image, what: `${part} deleted` };
  },
};

const NOTHING = new Uint8Array(0);

function changed(
  { image }: DamageSource,
  what: string,
  part: string,
  change: (bytes: Uint8Array) => void,
): DamagedImage {
  const bytes = image.get(part)?.slice() ?? NOTHING;
  change(bytes);
  return { image: new Map(image).set(part, bytes), what };
}

function pick<T>({ random }: DamageSource, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

/** A byte of the image, each as likely as the other. */
function anyByte({ image, random }: DamageSource): { readonly part: string; readonly at: number } {
  const total = [...image.values()].reduce((sum, { length }) => sum + length, 0);
  let at = Math.floor(random() * total);
  for (const [part, { length }] of image) {
    if (at < length) return { part, at };
    at -= length;
  }
  throw new Error("an image without bytes");
}
