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
import { CACHE_BYTES, scenes } from "./scenes.ts";

/** Time after which the rehearsal ends wherever it is, ms: about what deriving a key from a password takes. */
const REHEARSAL_MS = 250;

/** Requests between two turns of the event loop, and looks at the clock. */
const REQUESTS_PER_TURN = 32;

const NO_DESCRIPTOR = -1;

/** What a kernel offers at its hello: every flag of the first 32. */
const EVERYTHING = 0xffff_ffff;

/**
 * Rehearses; does nothing where there are no files in memory.
 * @param isOver - asked after every few requests; {@link REHEARSAL_MS} from now when left out
 * @throws StoreError STORE_FULL where memory is short
 */
export async function rehearse(isOver: () => boolean = afterMs(REHEARSAL_MS)): Promise<void> {
  const fd = memoryFile();
  if (fd === undefined) return;
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
    await perform(shown, isOver);
  } finally {
    await vault.close();
  }
}

/** A channel that is told things as that of a mount is: what is done for one that is not there is optimised for that. */
function idleChannel(): FuseChannel {
  const { FuseChannel } = shim();
  return new FuseChannel(NO_DESCRIPTOR);
}

function afterMs(lengthMs: number): () => boolean {
  const end = performance.now() + lengthMs;
  return () => performance.now() > end;
}

async function perform(fs: FileSystem, isOver: () => boolean): Promise<void> {
  const kernel = new PlayedKernel();
  const settings = { writebackCache: false, permissionChecks: "needless", log: () => {} } as const;
  const session = new Session(fs, kernel, settings);
  const ready = session.start();
  kernel.tell(Opcode.INIT, ROOT_INO, (body) => {
    for (const word of [PROTOCOL_MAJOR, PROTOCOL_MINOR_MIN, MAX_TRANSFER, EVERYTHING])
      body.u32(word);
  });
  await ready;
  const requests = scenes(kernel);
  do {
    await nextTurn();
    for (let n = 0; n < REQUESTS_PER_TURN; n++) await requests.next().value;
  } while (!isOver());
  session.close();
}
