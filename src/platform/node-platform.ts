/**
 * What the core needs, as Node 20 offers it.
 *
 * @module
 */
import type { Platform } from "../core/base/platform.ts";
import { lastingMemory } from "../native/memory.ts";
import { nodeAead } from "./node-aead.ts";
import { nodeArgon2id } from "./node-argon2id.ts";
import { SystemClock } from "./node-clock.ts";
import { nodeCompressor } from "./node-compressor.ts";
import { PooledRandom } from "./node-random.ts";

/** The platform of this process. */
export const nodePlatform: Platform = {
  clock: new SystemClock(),
  random: new PooledRandom(),
  aead: nodeAead,
  argon2id: nodeArgon2id,
  compressor: nodeCompressor,
  afterTurn: (body) => setImmediate(body),
  memory: lastingMemory,
};
