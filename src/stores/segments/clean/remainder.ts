/**
 * What is left of an extent when some of its pages stand elsewhere.
 *
 * @module
 */
import { type Extent, frameAt, isDead } from "../format/extent.ts";

/** The runs of live pages of an extent that were not moved, where they stand. */
export function remainder(extent: Extent, moved: ReadonlySet<number>): Extent[] {
  const runs: { first: number; offset: number; lengths: number[]; dead: undefined }[] = [];
  for (let n = 0; n < extent.lengths.length; n++) {
    const address = extent.first + n;
    if (isDead(extent, n) || moved.has(address)) continue;
    const { offset, length } = frameAt(extent, n);
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.lengths.length === address)
      last.lengths.push(length);
    else runs.push({ first: address, offset, lengths: [length], dead: undefined });
  }
  return runs;
}
