/**
 * A rehearsal of what a mount is about to do: requests of a played kernel to a session over a vault of its own, in a file in
 * memory, that is thrown away.
 *
 * V8 runs code that it has seen little of several times slower, and what programs do first on a mount is such code. While
 * another thread derives the key of the real vault, the main thread has nothing else to do.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { DEFAULT_ARGON2 } from "../../core/crypto/kdf-limits.ts";
import { type FileSystem, ROOT_INO, S_IFDIR } from "../../core/fs/file-system.ts";
import { FileSystemWithSnapshots } from "../../core/fs/snapshots/file-system-with-snapshots.ts";
import { VaultFileSystem } from "../../core/fs/vault-file-system.ts";
import { Vault } from "../../core/vault/vault.ts";
import { tellChannel } from "../../mount/own-answers.ts";
import { PlayedKernel } from "../../mount/played-kernel.ts";
import { MAX_TRANSFER, PROTOCOL_MAJOR, PROTOCOL_MINOR_MIN } from "../../mount/protocol/init.ts";
import { Opcode } from "../../mount/protocol/opcode.ts";
import { Session } from "../../mount/session.ts";
import type { FuseChannel } from "../../native/fuse-channel.ts";
import { shim } from "../../native/load.ts";
import { memoryFile } from "../../native/memory.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { FileStore } from "../../stores/file/file-store.ts";
import { DescriptorFile } from "../../stores/file/host-file.ts";
import { CACHE_BYTES, LONG, type Performance, SHORT, scenes } from "./scenes.ts";

/** Turns of the event loop after which the rehearsal ends wherever it is: those functions are optimised that it is about. */
const TURNS = 192;

/** Time after which it ends at the latest, ms. On a quiet machine it takes half of that. */
const LONGEST_MS = 800;

/** Requests between two turns of the event loop, and looks at the clock. */
const REQUESTS_PER_TURN = 32;

const NO_DESCRIPTOR = -1;

/** What a kernel offers at its hello: every flag of the first 32. */
const EVERYTHING = 0xffff_ffff;

/**
 * Rehearses; does nothing where there are no files in memory.
 *
 * It is played twice, the first time in short: what V8 has seen done to one vault it takes to be done to that one only, and
 * what it optimised on that ground it throws away when it sees another.
 *
 * @param isOver - asked after every few requests; after {@link TURNS} of them or {@link LONGEST_MS} when left out
 * @throws StoreError STORE_FULL where memory is short
 */
export async function rehearse(isOver: () => boolean = whenEnough()): Promise<void> {
  for (const performance of [SHORT, LONG]) {
    const fd = memoryFile();
    if (fd === undefined) return;
    await performOn(fd, performance, isOver);
  }
}

/** @param fd - of an empty file, taken over */
async function performOn(
  fd: number,
  performance: Performance,
  isOver: () => boolean,
): Promise<void> {
  const store = new FileStore("rehearsal", new DescriptorFile(fd), false);
  const vault = await Vault.create(store, nodePlatform, {
    argon2: DEFAULT_ARGON2,
    makeSlots: () => Promise.resolve([]),
    cacheBytes: CACHE_BYTES,
  });
  try {
    const fs = new VaultFileSystem(vault, nodePlatform);
    const caller = { uid: 0, gid: 0 };
    await fs.makeRoot({ mode: S_IFDIR | 0o755, umask: 0, caller });
    const { snapshots } = vault;
    const shown = new FileSystemWithSnapshots({ fs, snapshots, options: nodePlatform });
    tellChannel(shown, idleChannel());
    await perform(shown, performance, isOver);
  } finally {
    await vault.close();
  }
}

/** A channel that is told things as that of a mount is: what is done for one that is not there is optimised for that. */
function idleChannel(): FuseChannel {
  const { FuseChannel } = shim();
  return new FuseChannel(NO_DESCRIPTOR);
}

function whenEnough(): () => boolean {
  const end = performance.now() + LONGEST_MS;
  let turns = 0;
  return () => ++turns >= TURNS || performance.now() > end;
}

async function perform(
  fs: FileSystem,
  performance: Performance,
  isOver: () => boolean,
): Promise<void> {
  const kernel = new PlayedKernel();
  const settings = { writebackCache: false, permissionChecks: "needless", log: () => {} } as const;
  const session = new Session(fs, kernel, settings);
  const ready = session.start();
  kernel.tell(Opcode.INIT, ROOT_INO, (body) => {
    for (const word of [PROTOCOL_MAJOR, PROTOCOL_MINOR_MIN, MAX_TRANSFER, EVERYTHING])
      body.u32(word);
  });
  await ready;
  const requests = scenes(kernel, performance);
  let isDone: boolean | undefined = false;
  do {
    await nextTurn();
    for (let n = 0; n < REQUESTS_PER_TURN; n++) {
      const { done, value } = requests.next();
      isDone = done;
      await value;
    }
  } while (!isDone && !isOver());
  session.close();
}
