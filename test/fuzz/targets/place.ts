/** Target: places of vaults, as people write them and as config files say them. */

import { parseLocation, parseLocations } from "../../../src/cli/config/location.ts";
import { parsePlace } from "../../../src/cli/config/vault-place.ts";
import { utf8 } from "../../../src/core/base/bytes.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSame } from "../expect.ts";

const CODES = ["USAGE"] as const;

/** Input: operands, with NULs between them, as the kernel hands them over. */
export const placeTarget: FuzzTarget = {
  name: "place",
  files: [
    "src/cli/config/location.ts",
    "src/cli/config/vault-place.ts",
    "src/stores/objects/discord/discord-config.ts",
  ],
  seeds: () =>
    [
      "discord://1/2?data=3,4&webhooks=5@6&writers=7:/docs",
      "dir:/mnt/x:/docs",
      "file:///home/u/a.dvault",
      "work:/a\0/b\0work:c",
      "./x.dvault:y",
    ].map(utf8),
  words: ["discord://", "file:///", "dir:", "%00", "%2F", ".dvault", "data=", "webhooks="],
  maxLength: 256,
  run(input) {
    const operands = Buffer.from(input).toString("utf8").split("\0");
    accepted(CODES, () => parseLocations(operands));
    for (const operand of operands) {
      const location = accepted(CODES, () => parseLocation(operand));
      if (location !== undefined) expect(location.path.startsWith("/"), "paths are absolute");
      checkPlace(operand);
    }
  },
};

function checkPlace(text: string): void {
  const place = accepted(CODES, () => parsePlace(text));
  if (place === undefined) return;
  expect(!place.key.includes("\0"), "no path has a NUL");
  if (place.kind === "discord") expectSame(parsePlace(place.key), place);
}
