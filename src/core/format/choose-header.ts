/**
 * Which of a vault's headers counts: the valid one with the highest generation (FORMAT.md §2.2).
 *
 * @module
 */
import { FormatError } from "../base/errors.ts";
import { decodeHeader, type Header } from "./header.ts";

/** The header that counts, and where. */
export interface ChosenHeader {
  readonly header: Header;
  /** Index among the candidates. */
  readonly slot: number;
  /** Candidates that should hold a header and do not decode. */
  readonly damaged: readonly number[];
}

/**
 * Chooses among the header slots of a vault.
 *
 * @param candidates - stored bytes by slot, undefined where a slot could not be read
 * @throws FormatError NOT_A_VAULT when no candidate looks like a header; VERSION_UNKNOWN when an intact one is of a
 *   newer format, since an older one beside it would be out of date; VAULT_DAMAGED when none is intact
 */
export function chooseHeader(candidates: readonly (Uint8Array | undefined)[]): ChosenHeader {
  let best: { readonly header: Header; readonly slot: number } | undefined;
  let failure: FormatError | undefined;
  const damaged: number[] = [];
  for (const [slot, stored] of candidates.entries()) {
    const header = tryDecode(stored);
    if (header instanceof FormatError) {
      if (header.code === "VERSION_UNKNOWN") throw header;
      if (failure?.code !== "VAULT_DAMAGED") failure = header;
      damaged.push(slot);
    } else if (best === undefined || header.generation > best.header.generation) {
      best = { header, slot };
    }
  }
  if (best === undefined) {
    throw failure ?? new FormatError("NOT_A_VAULT", "there is no vault header");
  }
  return { ...best, damaged };
}

function tryDecode(stored: Uint8Array | undefined): Header | FormatError {
  try {
    return decodeHeader(stored ?? new Uint8Array(0));
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}
