/**
 * How much the rigs try: a little in each run of the tests, everything with `npm run crash`.
 *
 * @module
 */
import { env } from "node:process";

/** Whether time is no object. */
export const isLong: boolean = env.DVAULT_CRASH === "long";

/** Decides what samples are taken. */
export const SEED: number = Number(env.DVAULT_SEED ?? 1);

/** How often work on one vault is interrupted, one session after the other. */
export const INTERRUPTIONS: number = Number(env.DVAULT_INTERRUPTIONS ?? 4);
