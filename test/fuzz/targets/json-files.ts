/** Target: files of JSON that this machine keeps: the config, what was seen of a vault, the outcome of a mount. */
import { Readable } from "node:stream";
import { decodeConfig } from "../../../src/cli/config/config.ts";
import { receiveOutcome } from "../../../src/cli/daemon/handover.ts";
import { decodeSeen } from "../../../src/cli/seen/seen-file.ts";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { DvaultError } from "../../../src/core/base/errors.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSame } from "../expect.ts";

const COMMIT = {
  ...{ generation: 12, time: "2026-01-01T00:00:00Z", toc: "130.12", keys: "0.1" },
  ...{ vaultKey: "0123456789abcdef", replaced: ["fedcba9876543210"] },
};

export const jsonFilesTarget: FuzzTarget = {
  name: "json-files",
  files: ["src/cli/config/config.ts", "src/cli/seen/seen-file.ts"],
  seeds: () =>
    [
      { default: "main", vaults: { main: { store: "/a.dvault", compression: "deflate" } } },
      { places: { "/a.dvault": COMMIT } },
      { ok: false, code: "WRONG_KEY", message: "no" },
      { ok: true },
    ].map((value) => utf8(JSON.stringify(value))),
  words: ['"__proto__":', '"constructor":', "null", "1e999", "[]", "{}", '"store":', '"places":'],
  maxLength: 1024,
  async run(input) {
    const text = Buffer.from(input).toString("utf8");
    const config = accepted(["USAGE"], () => decodeConfig(text, "config.json"));
    if (config !== undefined) {
      for (const vault of Object.values(config.vaults))
        expect(typeof vault.store === "string", "a vault has a store");
      expectSame(decodeConfig(JSON.stringify(config), "config.json"), config);
    }
    const places = decodeSeen(text);
    for (const { generation } of Object.values(places))
      expect(Number.isSafeInteger(generation), "a commit has a number");
    expectSame(decodeSeen(JSON.stringify({ places })), places);
    await receiveOutcome(Readable.from([text]), "log").catch((error: unknown) => {
      if (!(error instanceof DvaultError)) throw error;
    });
  },
};
