/**
 * Compressed pieces as they read, the last few of them: a reader in small steps inflates each block once.
 *
 * A piece never changes while its page lives, and pointers carry the generation, so nothing needs to be invalidated.
 *
 * @module
 */
import { PageError } from "../base/errors.ts";
import { isPending } from "../base/maybe-promise.ts";
import type { Compressor } from "../base/platform.ts";
import type { PieceExtent } from "./extent.ts";
import { RetryAfter } from "./retry-after.ts";

/** Blocks kept: 4 MiB. */
const KEPT = 64;

export class InflatedBlocks {
  readonly #compressor: Compressor;
  readonly #blocks = new Map<string, Uint8Array>();

  constructor(compressor: Compressor) {
    this.#compressor = compressor;
  }

  /**
   * The content of a compressed piece, borrowed.
   *
   * @param page - payload of its pack page
   * @throws RetryAfter when the compressor works asynchronously; PageError when the piece is malformed
   */
  get(piece: PieceExtent, page: Uint8Array): Uint8Array {
    const name = `${piece.address}.${piece.generation}.${piece.offset}`;
    const known = this.#blocks.get(name);
    if (known !== undefined) return known;
    const packed = page.slice(piece.offset, piece.offset + piece.storedLength);
    const inflated = this.#inflate(piece, packed);
    if (isPending(inflated)) {
      throw new RetryAfter(() => inflated.then((content) => this.#keep(name, content)));
    }
    this.#keep(name, inflated);
    return inflated;
  }

  #inflate(piece: PieceExtent, packed: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const refuse = (cause: unknown): never => {
      const what = `the compressed piece at ${piece.offset} does not inflate`;
      throw new PageError("PAGE_CORRUPT", piece.address, what, { cause });
    };
    const checked = (content: Uint8Array): Uint8Array => {
      if (content.length === piece.plainLength) return content;
      throw new Error(`${content.length} bytes where ${piece.plainLength} should be`);
    };
    try {
      const inflated = this.#compressor.inflate(packed, piece.plainLength);
      return isPending(inflated) ? inflated.then(checked).catch(refuse) : checked(inflated);
    } catch (error) {
      return refuse(error);
    }
  }

  #keep(name: string, content: Uint8Array): void {
    this.#blocks.set(name, content);
    if (this.#blocks.size <= KEPT) return;
    const [oldest] = this.#blocks.keys();
    this.#blocks.delete(oldest as string);
  }
}
