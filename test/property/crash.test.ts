import fc from "fast-check";
import t from "tap";
import { utf8 } from "../../src/core/base/bytes.ts";
import { checkVault } from "../../src/core/fs/check/check-vault.ts";
import { entryOf } from "../../src/core/fs/entry-of.ts";
import { ROOT_INO } from "../../src/core/fs/file-system.ts";
import type { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import { type MemoryContents, MemoryStore } from "../../src/core/pages/memory-store.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { CrashStore } from "../support/crash-store.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { namesIn, newFile, newFileSystem, readBytes } from "../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";

const RUNS = Number(process.env.FC_RUNS ?? 25);

const PUNCH = { operation: "punch-hole", keepSize: true } as const;

/** Images of one run that are opened. */
const IMAGES_TRIED = 12;

/** One call on one of a few files, or something the vault does by itself. */
type Step =
  | { readonly do: "write"; readonly file: number; readonly at: number; readonly length: number }
  | { readonly do: "truncate"; readonly file: number; readonly at: number }
  | { readonly do: "punch"; readonly file: number; readonly at: number; readonly length: number }
  | { readonly do: "remove"; readonly file: number }
  | { readonly do: "rename"; readonly file: number; readonly to: number }
  | { readonly do: "sync" | "commit" | "both" };

const FILES = ["a", "b", "c"] as const;
const file = fc.nat(FILES.length - 1);
const at = fc.oneof(fc.nat(200_000), fc.constantFrom(0, 65_535, 65_536, 131_072));
const length = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constantFrom(65_536, 140_000));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("write" as const), file, at, length }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("truncate" as const), file, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("punch" as const), file, at, length }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), file }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rename" as const), file, to: file }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("sync" as const, "both") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("commit" as const) }) },
);

/** What a power loss left, and which moments it may show. */
interface Image {
  readonly contents: MemoryContents;
  readonly least: number;
  readonly most: number;
}

/** Names, sizes and contents of all files, as text. */
async function stateOf(fs: VaultFileSystem): Promise<string> {
  const lines: string[] = [];
  for (const name of await namesIn(fs, ROOT_INO)) {
    const { ino, size } = await entryOf(fs, ROOT_INO, utf8(name));
    const bytes = await readBytes(fs, ino, 0, size);
    lines.push(`${name} ${size} ${bytes.toString("base64")}`);
  }
  return lines.sort().join("\n");
}

class Run {
  readonly states: string[] = [];
  readonly images: Image[] = [];
  readonly #random: () => number;
  #synced = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  async of(steps: readonly Step[]): Promise<void> {
    const store = new CrashStore(this.#random);
    const vault = await createTestVault(store);
    const fs = await newFileSystem(vault);
    await vault.commit();
    this.states.push(await stateOf(fs));
    store.onStep = () => {
      const most = this.states.length;
      this.images.push({ contents: store.crash(), least: this.#synced, most });
    };
    for (const next of steps) {
      await this.#perform(fs, next, () => vault.commit());
      this.states.push(await stateOf(fs));
      if (next.do === "sync" || next.do === "commit") this.#synced = this.states.length - 1;
    }
    store.onStep();
    await vault.abandon();
  }

  async #perform(fs: VaultFileSystem, next: Step, commit: () => Promise<void>): Promise<void> {
    switch (next.do) {
      case "sync":
        return fs.syncfs();
      case "commit":
        return commit();
      case "both":
        await Promise.all([fs.syncfs(), commit(), fs.syncfs()]);
        return;
      case "rename": {
        const mode = "replace";
        const from = { parent: ROOT_INO, name: utf8(FILES[next.file] ?? "") };
        if ((await this.#find(fs, next.file)) === undefined) return;
        return fs.rename(from, { parent: ROOT_INO, name: utf8(FILES[next.to] ?? "") }, mode);
      }
      case "remove":
        if ((await this.#find(fs, next.file)) === undefined) return;
        await fs.unlink(ROOT_INO, utf8(FILES[next.file] ?? ""));
        return;
      default:
        return this.#change(fs, next);
    }
  }

  async #change(
    fs: VaultFileSystem,
    next: Step & { readonly file: number; readonly at: number },
  ): Promise<void> {
    const name = FILES[next.file] ?? "";
    const ino = (await this.#find(fs, next.file)) ?? (await newFile(fs, name)).ino;
    if (next.do === "truncate") await fs.setattr(ino, { size: next.at });
    else if (next.do === "punch") await fs.fallocate(ino, next.at, next.length, PUNCH);
    else if (next.do === "write") {
      const data = new Uint8Array(next.length).fill(1 + Math.floor(this.#random() * 255));
      await fs.write(ino, next.at, data);
    }
  }

  async #find(fs: VaultFileSystem, number: number): Promise<number | undefined> {
    try {
      return (await entryOf(fs, ROOT_INO, utf8(FILES[number] ?? ""))).ino;
    } catch {
      return undefined;
    }
  }

  /** Opens an image, also after opening it was cut short. */
  async check({ contents, least, most }: Image): Promise<void> {
    const allowed = this.states.slice(least, most + 1);
    const reader = await openTestVault(new MemoryStore({ contents, readOnly: true }));
    expectOneOf(await stateOf(await newFileSystem(reader)), allowed, "read-only");
    const store = new CrashStore(this.#random, copyOf(contents));
    const again: MemoryContents[] = [];
    store.onStep = () => again.push(store.crash());
    const vault = await openTestVault(store);
    const fs = await newFileSystem(vault);
    const state = await stateOf(fs);
    expectOneOf(state, allowed, "opened");
    await vault.commit();
    const { findings, leakedPages } = await checkVault(vault, {
      readData: true,
      compressor: nodePlatform.compressor,
    });
    if (findings.length > 0) throw new Error(findings.map(({ message }) => message).join("\n"));
    if (leakedPages > 0) throw new Error(`${leakedPages} pages leaked`);
    await vault.close();
    for (const second of again.filter((_, i) => i % 3 === 0)) {
      const third = await openTestVault(new MemoryStore({ contents: second }));
      expectOneOf(await stateOf(await newFileSystem(third)), [state], "opened a second time");
    }
  }
}

function copyOf({ headers, pages }: MemoryContents): MemoryContents {
  return { headers: [...headers], pages: new Map(pages) };
}

function expectOneOf(state: string, allowed: readonly string[], when: string): void {
  if (!allowed.includes(state)) {
    throw new Error(`${when}: not one of ${allowed.length} moments: ${state.slice(0, 200)}`);
  }
}

t.test("whatever a power loss leaves is one moment, no earlier than the last sync", async (t) => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 4, maxLength: 30 }),
    fc.nat(),
    async (steps, seed) => {
      const run = new Run(seed);
      await run.of(steps);
      const stride = Math.max(1, Math.floor(run.images.length / IMAGES_TRIED));
      for (const [i, image] of run.images.entries()) {
        if (i % stride === 0 || i === run.images.length - 1) await run.check(image);
      }
    },
  );
  await t.resolves(fc.assert(property, { numRuns: RUNS }));
});
