/**
 * Where dvault keeps what is its own, by the XDG Base Directory Specification.
 *
 * @module
 */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** The three directories; none of them is made by asking. */
export interface Directories {
  /** `config.json`. */
  readonly config: string;
  /** Vaults that were made by name. */
  readonly data: string;
  /** Logs of mounts in the background, and the local databases of remote vaults. */
  readonly state: string;
}

/** Reads them from the environment; a relative value counts as unset, as the specification says. */
export function directories(env: Readonly<Record<string, string | undefined>>): Directories {
  const home = env.HOME || homedir();
  const base = (variable: string, fallback: string): string => {
    const value = env[variable];
    const root = value !== undefined && isAbsolute(value) ? value : join(home, fallback);
    return join(root, "dvault");
  };
  return {
    config: base("XDG_CONFIG_HOME", ".config"),
    data: base("XDG_DATA_HOME", ".local/share"),
    state: base("XDG_STATE_HOME", ".local/state"),
  };
}
