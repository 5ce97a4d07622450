/**
 * The directory that lists the snapshots of a vault, open. An entry's cookie is the id of its snapshot, so a pass goes on
 * rightly while snapshots come and go.
 *
 * @module
 */
import { utf8 } from "../../base/bytes.ts";
import type { MaybePromise } from "../../base/maybe-promise.ts";
import type { Snapshots } from "../../vault/snapshots.ts";
import {
  type Attributes,
  type Directory,
  type DirectoryEntry,
  type ListedAttributes,
  ROOT_INO,
  S_IFDIR,
} from "../file-system.ts";
import { SNAPSHOTS_INO } from "./snapshot-slots.ts";

/** Cookies of `.` and `..`; those of snapshots follow. */
const DOTS = 2;

/** How entries get their attributes. */
export interface SnapshotAttributes {
  /** Of the directory itself. */
  self(): MaybePromise<Attributes>;
  /** Of a snapshot's root. */
  rootOf(name: Uint8Array): MaybePromise<Attributes>;
}

export class SnapshotDirectory implements Directory {
  readonly #snapshots: Snapshots;
  readonly #attributes: SnapshotAttributes;

  constructor(snapshots: Snapshots, attributes: SnapshotAttributes) {
    this.#snapshots = snapshots;
    this.#attributes = attributes;
  }

  async read(
    cookie: number,
    limit: number,
    whose: ListedAttributes,
  ): Promise<readonly DirectoryEntry[]> {
    const names = [
      { name: utf8("."), cookie: 1 },
      { name: utf8(".."), cookie: DOTS },
      ...this.#snapshots.list().map(({ id, name }) => ({ name, cookie: DOTS + id })),
    ];
    const wanted = names.filter((entry) => entry.cookie > cookie).slice(0, limit);
    const entries: DirectoryEntry[] = [];
    for (const entry of wanted) entries.push(await this.#entry(entry, whose !== "none"));
    return entries;
  }

  async #entry(
    { name, cookie }: { readonly name: Uint8Array; readonly cookie: number },
    withAttributes: boolean,
  ): Promise<DirectoryEntry> {
    const type = S_IFDIR;
    if (cookie <= DOTS) {
      const ino = cookie === DOTS ? ROOT_INO : SNAPSHOTS_INO;
      const attributes = withAttributes ? { attributes: await this.#attributes.self() } : {};
      return { name, cookie, type, ino, ...attributes };
    }
    const attributes = await this.#attributes.rootOf(name);
    const entry = { name: name.slice(), cookie, type, ino: attributes.ino };
    return withAttributes ? { ...entry, attributes } : entry;
  }
}
