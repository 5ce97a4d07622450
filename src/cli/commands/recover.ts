/**
 * `dvault recover`: brings what is left of a damaged vault into a new one.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { Credentials } from "../../core/crypto/unlock.ts";
import { copyTree } from "../../core/fs/recover/copy-tree.ts";
import { type RecoveredVault, recoverVault } from "../../core/fs/recover/recover-vault.ts";
import { VaultFileSystem } from "../../core/fs/vault-file-system.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { callerOf } from "../caller.ts";
import { type Command, defineCommand } from "../command.ts";
import { parsePlace, type VaultPlace } from "../config/vault-place.ts";
import { type CliContext, warn, writeTo } from "../context.ts";
import {
  costOf,
  createVault,
  kdfOptions,
  type NewVaultChoice,
  newVaultOptions,
} from "../create-vault.ts";
import { type TokenChoice, tokenOptions } from "../discord/discord-secrets.ts";
import { ExitCode } from "../exit-code.ts";
import { findVault, writingMount } from "../find-vault.ts";
import type { OpenVault } from "../open-vault.ts";
import { counted, humanSize } from "../output/human.ts";
import { RecoverySummary } from "../output/recovery-summary.ts";
import { StatusLine } from "../output/status-line.ts";
import {
  obtainCredentials,
  PASSWORD_NOTE,
  passwordOptions,
  wipeCredentials,
} from "../password/sources.ts";
import { publish } from "../publish.ts";
import { openRecoveryPlace } from "../recovery-place.ts";
import { type SeenCommit, seenState } from "../seen/seen-commit.ts";
import { VaultMemory } from "../seen/vault-memory.ts";
import { obtainStoreSecrets } from "../vault-store.ts";

/** Recovers vaults. */
export const recoverCommand: Command = defineCommand({
  names: ["recover"],
  summary: "Bring what is left of a damaged vault into a new one",
  usage: "<damaged> [new vault]",
  operands: [1, 2],
  options: {
    report: {
      type: "boolean",
      default: false,
      describe: "Only say what is whole, old, partial and lost; nothing is written",
    },
    json: { type: "boolean", default: false, describe: "Print one object" },
    ...newVaultOptions,
    ...kdfOptions,
    ...passwordOptions,
    ...tokenOptions,
  },
  examples: [
    ["dvault recover --report broken.dvault", "what can be brought back"],
    ["dvault recover broken.dvault rescued.dvault", "brings it back"],
    ["dvault recover far rescued.dvault", "of a vault in a folder or at Discord too"],
  ],
  notes: `The damaged vault is only read, and searched page by page, in a folder or at Discord object by object; so headers, records, catalogs, commit roots and the tree of names may be lost. A file that is not whole is never given its old name: .partial is added when bytes are missing (holes; the attribute user.dvault.missing tells which), .old when only its state of an earlier commit is left. Files without a name are in /lost+found. The new vault opens with the same password, and for every --recipient. Exit code 0 when all is whole, 15 when not.\n${PASSWORD_NOTE}`,
  async run(context, { operands, options }) {
    const [damaged = "", target] = operands;
    checkTarget(target, options.report);
    const reference = findVault(context, damaged);
    if ((await writingMount(reference)) !== undefined) {
      throw new UsageError("USAGE", `${reference.label} is mounted: unmount it first`);
    }
    const secrets = await obtainStoreSecrets(context, reference.place, options);
    const place = await openRecoveryPlace(context, reference.place, secrets);
    const line = new StatusLine(context.stderr);
    let credentials: Credentials | undefined;
    try {
      credentials = await obtainCredentials(context, options, reference.label);
      const source = { store: place.damaged, platform: nodePlatform, credentials };
      const recovered = await recoverVault(source, {
        upper: place.upper,
        owner: callerOf(),
        signal: context.signal,
        onProgress: ({ step, pages }) =>
          line.show(() => `${step}  ${counted(pages, "page")} found`),
      });
      try {
        const keys = { ...options, credentials };
        const open = target === undefined ? undefined : await makeTarget(context, target, keys);
        const summary = new RecoverySummary(missingCommit(context, reference.place, recovered));
        await copyAll(context, recovered, { open, line, summary });
        const vault = reference.place.key;
        const unread = place.unread();
        for (const problem of unread) warn(context, problem);
        const text = options.json
          ? summary.asJson(vault, recovered)
          : summary.asText(vault, recovered);
        await writeTo(context.stdout, text);
        const isAll = summary.isWhole(recovered) && unread.length === 0;
        return isAll ? ExitCode.done : ExitCode.damaged;
      } finally {
        await recovered.vault.abandon();
      }
    } finally {
      line.clear();
      if (credentials !== undefined) wipeCredentials(credentials);
      await place.close();
    }
  },
});

/** A later commit than the recovered one, which this machine has seen. */
function missingCommit(
  context: CliContext,
  place: VaultPlace,
  { vault, root }: RecoveredVault,
): SeenCommit | undefined {
  const found = root === undefined ? { generation: 0, toc: "" } : seenState(root);
  return new VaultMemory(context, place, vault.id).missing(found);
}

/** @throws UsageError USAGE */
function checkTarget(target: string | undefined, isReport: boolean): void {
  if (isReport && target !== undefined) {
    throw new UsageError("USAGE", "--report writes nothing: leave the new vault out");
  }
  if (!isReport && target === undefined) {
    throw new UsageError("USAGE", "give the place of the new vault, or --report");
  }
}

/** Makes the new vault, which what opened the damaged one opens. */
async function makeTarget(
  context: CliContext,
  target: string,
  { credentials, ...choice }: NewVaultChoice & TokenChoice & { readonly credentials: Credentials },
): Promise<OpenVault> {
  const recipients = choice.recipient ?? [];
  const { password } = credentials;
  if (password === undefined && recipients.length === 0) {
    throw new UsageError(
      "USAGE",
      "an identity or a recovery code opens a vault but makes none: give --recipient age1…",
    );
  }
  const keys = {
    ...(password === undefined ? {} : { password }),
    recipients,
    label: choice.label,
    argon2: costOf(choice),
  };
  const place = parsePlace(target);
  const secrets = await obtainStoreSecrets(context, place, choice);
  return createVault(context, place, { keys, secrets });
}

interface Copying {
  /** Undefined for a report. */
  readonly open: OpenVault | undefined;
  readonly line: StatusLine;
  readonly summary: RecoverySummary;
}

async function copyAll(
  context: CliContext,
  recovered: RecoveredVault,
  { open, line, summary }: Copying,
): Promise<void> {
  const show = (): void =>
    line.show(() => `reading  ${summary.entries} files  ${humanSize(summary.bytes)}`);
  try {
    await copyTree({
      from: new VaultFileSystem(recovered.vault, { ...nodePlatform, atime: "noatime" }),
      to: open?.fs,
      doubts: recovered.doubts,
      signal: context.signal,
      onEntry: (entry) => {
        summary.add(entry);
        show();
      },
      onDirectory: () => summary.addDirectory(),
    });
    if (open !== undefined) await publish(context, open, { "no-wait": false });
  } finally {
    await open?.close();
  }
  summary.addLost(recovered);
}
