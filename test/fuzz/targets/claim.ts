/** The claim that seeds of records of the header log have. */
import type { Claim } from "../../../src/stores/segments/format/claim.ts";

export const CLAIM: Claim = {
  writer: "00112233445566778899aabbccddeeff",
  token: "7",
  leaseMs: 60_000,
  machine: "0011223344556677",
  pid: 4711,
  sinceMs: 1_700_000_000_000,
  host: "host",
};
