/**
 * Which directories of a vault a walk has been in, so that it ends whatever a damaged or hostile vault shows.
 *
 * @module
 */
import { FormatError } from "../../core/base/errors.ts";

/** Directories entered by one walk. */
export class EnteredDirectories {
  readonly #inos = new Set<number>();

  /**
   * Notes that the walk enters a directory.
   * @throws FormatError VAULT_DAMAGED when it has been there: a directory has one name
   */
  enter(ino: number): void {
    if (this.#inos.has(ino)) {
      throw new FormatError("VAULT_DAMAGED", "the directory stands in the vault more than once");
    }
    this.#inos.add(ino);
  }
}
