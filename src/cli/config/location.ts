/**
 * Places inside vaults on the command line: `[vault:]/path`, as in scp.
 *
 * | written | vault | path |
 * |---|---|---|
 * | `/docs/a` | default | `/docs/a` |
 * | `:/docs/a`, `:docs/a` | default | `/docs/a` |
 * | `work:/docs`, `work:docs` | named `work` | `/docs` |
 * | `./x.dvault:/docs` | file | `/docs` |
 * | `dir:/x:/docs` | folder of objects | `/docs` |
 * | `file:///x.dvault:/docs` | URL | `/docs` |
 * | `discord://1/2?data=3:/docs` | URL | `/docs` |
 * | `work`, `work:`, `./x.dvault` | that one | `/` |
 *
 * A vault that stands alone as the first of several operands is the vault of those after it that start with `/`:
 * `dvault ls work /docs`. An operand that ends in `.dvault` is a vault file; such a file inside the default vault is
 * written `:/x.dvault`.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import { isDirectoryText, isStoreUrl } from "./vault-place.ts";

/** A place inside a vault. */
export interface Location {
  /** Vault reference as written; empty for the default vault. */
  readonly vault: string;
  /** Absolute path inside it. */
  readonly path: string;
}

interface Parsed extends Location {
  /** Whether the operand was only a vault, without a path or colon. */
  readonly isVaultAlone: boolean;
}

/** Reads one operand. */
export function parseLocation(text: string): Location {
  const { vault, path } = parseOperand(text);
  return { vault, path };
}

/**
 * Reads the operands of a command that works on several places of one vault.
 *
 * @returns the vault they share and the paths; `paths` is empty when only a vault was given
 * @throws UsageError USAGE when they are in different vaults
 */
export function parseLocations(operands: readonly string[]): SharedLocations {
  const [head, ...rest] = operands;
  if (head === undefined) return { vault: "", paths: [] };
  const first = parseOperand(head);
  const places = first.isVaultAlone
    ? rest.map((operand) => placeIn(first.vault, operand))
    : [first, ...rest.map(parseLocation)];
  if (places.some((place) => place.vault !== first.vault)) {
    throw new UsageError("USAGE", "all paths of one command must be in one vault");
  }
  return { vault: first.vault, paths: places.map((place) => place.path) };
}

/** Places in one vault. */
export interface SharedLocations {
  readonly vault: string;
  readonly paths: readonly string[];
}

/** An operand that follows the vault it belongs to. */
function placeIn(vault: string, operand: string): Location {
  if (operand.startsWith("/")) return { vault, path: operand };
  const place = parseOperand(operand);
  if (place.isVaultAlone)
    throw new UsageError("USAGE", `${operand}: a path inside a vault starts with /`);
  return place;
}

function parseOperand(text: string): Parsed {
  if (text === "") throw new UsageError("USAGE", "an operand is empty");
  const patterns = [headPattern(text), /^(.*?\.dvault)(?::(.*))?$/s, /^([^/][^:]*):(.*)$/s];
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match) return fromParts(match[1] ?? "", match[2]);
  }
  if (text.startsWith("/")) return { vault: "", path: text, isVaultAlone: false };
  return fromParts(text, undefined);
}

/** How a vault in front of a path looks, by what the text begins with. */
function headPattern(text: string): RegExp {
  if (isStoreUrl(text)) return /^([^:]*:\/\/[^:]*)(?::(.*))?$/s;
  if (isDirectoryText(text)) return /^(dir:[^:]*)(?::(.*))?$/s;
  return /^([^:/]*):(.*)$/s;
}

function fromParts(vault: string, path: string | undefined): Parsed {
  if (path === undefined) return { vault, path: "/", isVaultAlone: true };
  return { vault, path: path.startsWith("/") ? path : `/${path}`, isVaultAlone: false };
}
