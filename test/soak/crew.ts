/**
 * Actors that work side by side on one mount, each in a directory of its own, and what all of them were promised.
 *
 * @module
 */
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../emulator/base/random.ts";
import { Actor } from "./actor.ts";
import type { Level } from "./history.ts";
import type { MountedVault } from "./mounted-vault.ts";
import type { Tally } from "./tally.ts";

/** Who works where. */
export interface CrewParts {
  readonly vault: MountedVault;
  /** Decides all that they do. */
  readonly seed: string;
  readonly size: number;
  readonly tally: Tally;
}

/** See the head of this file. */
export class Crew {
  readonly actors: readonly Actor[];
  readonly #vault: MountedVault;

  constructor({ vault, seed, size, tally }: CrewParts) {
    this.#vault = vault;
    const names = Array.from({ length: size }, (_, n) => `actor-${n}`);
    this.actors = names.map((name) => {
      const root = join(vault.mountpoint, name);
      const random = new SeededRandom(`${seed}/${name}`);
      return new Actor({ root, random, tally, beginSync: () => this.beginSync("local") });
    });
  }

  /** Makes the vault and the directories in it, all of it safe, and leaves it mounted. */
  async begin(): Promise<void> {
    await this.#vault.init();
    await this.#vault.mount();
    for (const { root } of this.actors) await mkdir(root);
    const handle = await open(this.#vault.mountpoint, "r");
    await handle.sync();
    await handle.close();
    await this.#vault.flush();
  }

  /** Notes where everybody is; the answer promises that so much is safe. */
  beginSync(level: Level): () => void {
    const moments = this.actors.map(({ history }) => [history, history.moment] as const);
    return () => {
      for (const [history, moment] of moments) history.promise(level, moment);
    };
  }
}
