/** Target: what `-o` takes, `--keep` and `discord` secrets: text of fstab, units and files of secrets. */

import { encodeSecrets, parseSecrets } from "../../../src/cli/discord/discord-secrets.ts";
import { readMountWords, writeMountWords } from "../../../src/cli/mount-words.ts";
import { parseRetention, retentionText } from "../../../src/cli/snapshots/retention.ts";
import { utf8 } from "../../../src/core/base/bytes.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSame } from "../expect.ts";

const CODES = ["USAGE"] as const;

export const mountWordsTarget: FuzzTarget = {
  name: "mount-words",
  files: [
    "src/cli/mount-words.ts",
    "src/stores/objects/discord/webhook.ts",
    "src/stores/objects/discord/rest/bot-token.ts",
  ],
  seeds: () =>
    [
      "ro,default_permissions,suid,nodev,uid=1000,gid=7,umask=022,cache_size=64M,password_file=/a\\,b,x-a,comment=b",
      "hourly:24,daily:7,weekly:1",
      `${"MTIzNDU2Nzg5MDEyMzQ1Njc4"}.abcdef.ABCDEFGHIJKLMNOPQRST\nhttps://discord.com/api/webhooks/1/abcdefghijklmnop`,
    ].map(utf8),
  words: ["umask=", "uid=", "rw", "allow_other", "yearly:", "/webhooks/", "Bot "],
  maxLength: 512,
  run(input) {
    const text = Buffer.from(input).toString("utf8");
    for (const isSloppy of [false, true]) {
      const list = accepted(CODES, () => readMountWords([text], isSloppy));
      if (list === undefined) continue;
      const again = readMountWords([writeMountWords(list.words).join(",")]);
      expectSame(again, { words: list.words, options: {} });
    }
    const rules = accepted(CODES, () => parseRetention(text));
    if (rules !== undefined) expectSame(parseRetention(retentionText(rules)), rules);
    const secrets = accepted(CODES, () => parseSecrets(text));
    if (secrets === undefined) return;
    const written = encodeSecrets(secrets);
    expectSame(encodeSecrets(parseSecrets(written)), written);
  },
};
