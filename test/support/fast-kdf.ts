/** The least Argon2id takes: for tests that are not about its cost. */
import type { Argon2Cost } from "../../src/core/base/platform.ts";

export const FAST_ARGON2: Argon2Cost = { memoryKib: 64, passes: 1, lanes: 1 };
