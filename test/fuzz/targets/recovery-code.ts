/** Target: recovery codes (FORMAT.md §4.1). */
import { utf8 } from "../../../src/core/base/bytes.ts";
import { formatRecoveryCode, parseRecoveryCode } from "../../../src/core/crypto/recovery-code.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSame } from "../expect.ts";

export const recoveryCodeTarget: FuzzTarget = {
  name: "recovery-code",
  files: ["src/core/crypto/recovery-code.ts"],
  shortRun: 60,
  seeds: () => [utf8(formatRecoveryCode(Uint8Array.from({ length: 16 }, (_, i) => 7 * i)))],
  maxLength: 80,
  run(input) {
    const secret = accepted(["USAGE"], () => parseRecoveryCode(new SecretBytes(input)));
    if (secret === undefined) return;
    const bytes = secret.use((own) => own.slice());
    const again = parseRecoveryCode(new SecretBytes(utf8(formatRecoveryCode(bytes))));
    expectSame(
      again.use((own) => own.slice()),
      bytes,
    );
  },
};
