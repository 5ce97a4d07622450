/**
 * Has the channel answer reads by itself: layouts of files go to the shim, in the form it wants.
 *
 * @module
 */
import type { Layout, LayoutHolder } from "../core/fs/layouts.ts";
import type { PagesInFile } from "../core/pages/pages-in-file.ts";
import { type FuseChannel, GEOMETRY_FIELDS, LAYOUT_FIELDS } from "../native/fuse-channel.ts";
import { handleOf } from "../platform/node-aead.ts";

export class DirectReads implements LayoutHolder {
  readonly #channel: FuseChannel;
  readonly #fields = new Float64Array(LAYOUT_FIELDS);
  #pages: PagesInFile | undefined;
  #canRead = false;

  constructor(channel: FuseChannel) {
    this.#channel = channel;
  }

  grant(layout: Layout, pages: PagesInFile): void {
    if (pages !== this.#pages) this.#enter(pages);
    if (!this.#canRead) return;
    const { ino, size, until, block, count, page, generation } = layout;
    this.#fields.set([ino, size, until, block, count, page, generation]);
    this.#channel.grant(this.#fields);
  }

  #enter(pages: PagesInFile): void {
    this.#pages = pages;
    const { file, full } = pages;
    const handle = handleOf(full.key);
    this.#canRead = handle !== undefined;
    if (handle === undefined) return;
    const geometry = new Float64Array(GEOMETRY_FIELDS);
    geometry.set([file.fd, file.offset, file.stride, full.parts, full.tail]);
    this.#channel.readFrom(handle, full.prefix, full.head, geometry);
  }

  recall(ino: number): void {
    this.#channel.recall(ino);
  }
}
