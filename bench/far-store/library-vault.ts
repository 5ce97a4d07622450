/**
 * The vault as a library: file system, vault, segment store and Discord's objects, in this process.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { cpuUsage, pid, resourceUsage } from "node:process";
import { setImmediate } from "node:timers/promises";
import { utf8 } from "../../src/core/base/bytes.ts";
import { makePasswordSlot } from "../../src/core/crypto/password-slot.ts";
import { SecretBytes } from "../../src/core/crypto/secret-bytes.ts";
import { entryOf } from "../../src/core/fs/entry-of.ts";
import { ROOT_INO, S_IFDIR, S_IFREG } from "../../src/core/fs/file-system.ts";
import { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import { Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { DiscordObjectStore } from "../../src/stores/objects/discord/discord-object-store.ts";
import { serviceOf } from "../../src/stores/objects/discord/discord-service.ts";
import { BotToken } from "../../src/stores/objects/discord/rest/bot-token.ts";
import { DEFAULT_SETTINGS } from "../../src/stores/objects/discord/settings.ts";
import { systemTiming } from "../../src/stores/objects/discord/steady-timing.ts";
import { openSegmentStore } from "../../src/stores/segments/open-segment-store.ts";
import type { SegmentStore } from "../../src/stores/segments/segment-store.ts";
import type { EmulatedDiscord, EmulatedPlace } from "./emulated-discord.ts";
import type { FarFile, FarVault } from "./far-vault.ts";

/** Cheap: what a password costs is not measured here. */
const ARGON2 = { memoryKib: 8, passes: 1, lanes: 1 };
const CALLER = { uid: 0, gid: 0 };
const CACHE_BYTES = 64 * 2 ** 20;

/** Entries a kernel has room for in one READDIRPLUS of 32 KiB. */
const LISTED_AT_ONCE = 200;

/** An open vault. */
interface Opened {
  readonly store: SegmentStore;
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
}

export class LibraryVault implements FarVault {
  readonly #discord: EmulatedDiscord;
  readonly #place: EmulatedPlace;
  readonly #scratch: string;
  #opened: Opened | undefined;

  constructor(discord: EmulatedDiscord, place: EmulatedPlace, scratch: string) {
    this.#discord = discord;
    this.#place = place;
    this.#scratch = scratch;
  }

  async create(): Promise<void> {
    const store = await this.#openStore("create");
    const vault = await Vault.create(store, nodePlatform, {
      argon2: ARGON2,
      makeSlots: async (secret) => [
        await makePasswordSlot(nodePlatform, secret, password(), {
          label: "bench",
          argon2: ARGON2,
        }),
      ],
    });
    const fs = new VaultFileSystem(vault, nodePlatform);
    await fs.makeRoot({ mode: S_IFDIR | 0o755, umask: 0, caller: CALLER });
    this.#opened = { store, vault, fs };
  }

  async openCold(): Promise<void> {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(this.#database + suffix, { force: true });
    const store = await this.#openStore("open");
    const vault = await Vault.open(store, nodePlatform, { password: password() });
    this.#opened = { store, vault, fs: new VaultFileSystem(vault, nodePlatform) };
  }

  get #database(): string {
    return join(this.#scratch, "local.db");
  }

  #openStore(intent: "open" | "create"): Promise<SegmentStore> {
    const objects = new DiscordObjectStore({
      service: serviceOf({ DVAULT_DISCORD_API: this.#discord.apiUrl }),
      token: BotToken.parse(this.#discord.token),
      timing: systemTiming,
      random: nodePlatform.random,
      settings: DEFAULT_SETTINGS,
      ...this.#place,
    });
    return openSegmentStore(
      {
        objects,
        database: this.#database,
        timing: systemTiming,
        random: nodePlatform.random,
        host: { name: "bench", pid },
        cacheBytes: CACHE_BYTES,
        takeOver: true,
      },
      intent,
    );
  }

  get #now(): Opened {
    if (this.#opened === undefined) throw new Error("the vault is not open");
    return this.#opened;
  }

  async close(): Promise<void> {
    await this.#now.vault.close();
    this.#opened = undefined;
  }

  cpuSeconds(): number {
    const { user, system } = cpuUsage();
    return (user + system) / 1e6;
  }

  peakMemoryMib(): number {
    return resourceUsage().maxRSS / 1024;
  }

  async #find(path: string): Promise<{ readonly ino: number; readonly size: number }> {
    let ino = ROOT_INO;
    let size = 0;
    for (const name of path.split("/").filter((part) => part !== "")) {
      ({ ino, size } = await entryOf(this.#now.fs, ino, utf8(name)));
    }
    return { ino, size };
  }

  async #make(path: string, type: number): Promise<number> {
    const at = path.lastIndexOf("/");
    const { ino } = await this.#find(path.slice(0, Math.max(0, at)));
    const creation = { mode: type | 0o755, umask: 0, caller: CALLER };
    const name = utf8(path.slice(at + 1));
    const { fs } = this.#now;
    const made = await (type === S_IFDIR
      ? fs.mkdir(ino, name, creation)
      : fs.mknod(ino, name, creation, 0));
    return made.ino;
  }

  async mkdir(path: string): Promise<void> {
    await this.#make(path, S_IFDIR);
  }

  async list(path: string): Promise<readonly string[]> {
    const { ino } = await this.#find(path);
    const directory = await this.#now.fs.opendir(ino);
    const names: string[] = [];
    for (let cookie = 0; ; ) {
      const entries = await directory.read(cookie, LISTED_AT_ONCE, "all");
      const last = entries.at(-1);
      if (last === undefined) break;
      cookie = last.cookie;
      for (const { name } of entries) names.push(Buffer.from(name).toString());
    }
    return names.filter((name) => name !== "." && name !== "..");
  }

  async write(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
    const ino = await this.#make(path, S_IFREG);
    let offset = 0;
    for (const piece of pieces) {
      const { length } = piece;
      await this.#now.fs.write(ino, offset, piece);
      offset += length;
    }
  }

  async flush(): Promise<void> {
    await this.#now.vault.commit();
    await this.#now.store.flush();
  }

  async open(path: string): Promise<FarFile> {
    const { ino, size } = await this.#find(path);
    const { fs } = this.#now;
    return {
      size,
      read: async (offset, length) => {
        // Requests of a kernel come through the event loop, so what was read ahead of comes in between.
        await setImmediate();
        return Buffer.concat(await fs.read(ino, offset, length));
      },
      close: async () => {},
    };
  }
}

function password(): SecretBytes {
  return new SecretBytes(utf8("bench"));
}
