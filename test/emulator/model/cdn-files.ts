/**
 * What the CDN serves. A file outlives its message by the time that edge caches keep it.
 *
 * @module
 */
import type { EmulatorClock } from "../base/clock.ts";
import type { Blobs } from "../storage/blobs.ts";
import type { Attachment } from "./attachment.ts";

/** One file, and the channel that its URL names. */
export interface CdnFile {
  readonly channelId: string;
  readonly attachment: Attachment;
}

/** Files by attachment id. */
export class CdnFiles {
  readonly #blobs: Blobs;
  readonly #clock: EmulatorClock;
  readonly #files = new Map<string, CdnFile>();
  /** Attachment id -> when it stops being served, in the order of retirement. */
  readonly #retired = new Map<string, number>();

  constructor(blobs: Blobs, clock: EmulatorClock) {
    this.#blobs = blobs;
    this.#clock = clock;
  }

  /** Adds a file whose bytes are in the blobs already. */
  add(channelId: string, attachment: Attachment): void {
    this.#files.set(attachment.id, { channelId, attachment });
  }

  get(attachmentId: string): CdnFile | undefined {
    const endsAt = this.#retired.get(attachmentId);
    if (endsAt !== undefined && endsAt <= this.#clock.now()) return undefined;
    return this.#files.get(attachmentId);
  }

  /** A file other than the one given, the next in line; undefined when there is no other. */
  another(attachmentId: string): CdnFile | undefined {
    const ids = [...this.#files.keys()];
    const next = ids[(ids.indexOf(attachmentId) + 1) % ids.length];
    return next === undefined || next === attachmentId ? undefined : this.#files.get(next);
  }

  read(attachmentId: string, start: number, end: number): Promise<Uint8Array | undefined> {
    return this.#blobs.read(attachmentId, start, end);
  }

  /** Stops serving a file after a while, and forgets those whose time has come. */
  async retire(attachmentId: string, afterMs: number): Promise<void> {
    const now = this.#clock.now();
    this.#retired.set(attachmentId, now + afterMs);
    for (const [id, endsAt] of this.#retired) {
      if (endsAt > now) continue;
      this.#retired.delete(id);
      this.#files.delete(id);
      await this.#blobs.remove(id);
    }
  }
}
