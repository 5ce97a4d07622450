/**
 * What operands of commands mean by where they stand.
 *
 * @module
 */

/**
 * The operands of a command that takes a vault, which may be left out, and one thing more.
 * @returns the vault or mount point as written, empty for the default vault; then the other one
 */
export function vaultBefore([first = "", second]: readonly string[]): readonly [string, string] {
  return second === undefined ? ["", first] : [first, second];
}
