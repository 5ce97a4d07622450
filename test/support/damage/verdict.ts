/**
 * What became of a damaged vault: whether a check found the damage, whether that was to be found, whether all that is not
 * damaged can be read as ever, and whether a recovery brought back all that is not itself destroyed.
 *
 * @module
 */
import { toText, utf8 } from "../../../src/core/base/bytes.ts";
import { DvaultError } from "../../../src/core/base/errors.ts";
import { checkVault } from "../../../src/core/fs/check/check-vault.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { newFileSystem } from "../test-file-system.ts";
import { openTestVault } from "../test-vault.ts";
import type { ListedEntry } from "../vault-contents.ts";
import { type DirectReading, readDirectly } from "./direct-reading.ts";
import { type Image, isSameAt, type PageSpan, type VaultImage } from "./image.ts";
import { type RecoveredContents, recoverContents } from "./recover-contents.ts";
import type { Survey } from "./survey.ts";

/** What is damaged, and what it was before. */
export interface DamageCase {
  readonly vault: VaultImage;
  readonly survey: Survey;
  readonly damaged: Image;
}

/** What became of it; `wrong` is what must not be. */
export interface Verdict {
  /** Whether a check says that something is wrong. */
  readonly isFound: boolean;
  /** Whether bytes that the newest state needs have changed. */
  readonly isLive: boolean;
  /** Pages of the newest state of which no copy is left. */
  readonly lost: ReadonlySet<number>;
  readonly wrong: readonly string[];
}

/** Checks and recovers a damaged vault. @throws whatever is no `DvaultError`: a crash */
export async function judge(damage: DamageCase): Promise<Verdict> {
  const { vault, damaged, survey } = damage;
  const isChanged = (span: PageSpan | VaultImage["structure"][number]): boolean =>
    !isSameAt(span, vault.image, damaged);
  const needed = vault.pages.filter((page) => isNeeded(page, vault, survey));
  const isLive = vault.structure.some(isChanged) || needed.some(isChanged);
  const lost = lostPages(damage);
  const checked = await check(damage);
  const wrong = [...checked.wrong];
  if (isLive && !checked.isFound) wrong.push("a check does not find it");
  if (isLive || checked.isFound) wrong.push(...(await tryRecovery(damage, lost)));
  return { isFound: checked.isFound, isLive, lost, wrong };
}

/** Pages of which every copy was changed. */
function lostPages({ vault, survey, damaged }: DamageCase): ReadonlySet<number> {
  const lost = new Set<number>();
  const kept = new Set<number>();
  for (const page of vault.pages) {
    if (!survey.live.has(page.address)) continue;
    const isKept = isSameAt(page, vault.image, damaged);
    (isKept ? kept : lost).add(page.address);
  }
  return new Set([...lost].filter((address) => !kept.has(address)));
}

/** Opens, checks and reads; a machine that knows the vault refuses an older state. */
async function check({
  vault,
  survey,
  damaged,
}: DamageCase): Promise<Pick<Verdict, "isFound" | "wrong">> {
  let opened: Vault | undefined;
  try {
    const store = await vault.open(damaged);
    try {
      opened = await openTestVault(store);
    } finally {
      if (opened === undefined) await store.close();
    }
    const { compressor } = nodePlatform;
    const { findings, more } = await checkVault(opened, { readData: true, compressor });
    const isOlder = opened.generation < survey.generation;
    const warnings = [...opened.warnings, ...storeWarnings(store)];
    const isFound = findings.length + more + warnings.length > 0 || isOlder;
    const reading = await readDirectly(await newFileSystem(opened), survey);
    const wrong = isOlder ? [] : wrongReads({ vault, survey, damaged }, reading);
    const unnoticed = isFound ? [] : [...reading.refused.keys()];
    return {
      isFound,
      wrong: [...wrong, ...unnoticed.map((path) => `${path}: refused, unnoticed`)],
    };
  } catch (error) {
    if (!(error instanceof DvaultError)) throw error;
    return { isFound: true, wrong: [] };
  } finally {
    await opened?.abandon();
  }
}

/** What was read that is not so, and what was refused though nothing of it is damaged. */
function wrongReads(
  { vault, survey, damaged }: DamageCase,
  { entries, refused }: DirectReading,
): readonly string[] {
  const changed = changedPaths(survey, entries).filter((path) => entries[path] !== undefined);
  const pages = vault.pages.filter((page) => isNeeded(page, vault, survey));
  const hurt = new Set(
    pages.filter((page) => !isSameAt(page, vault.image, damaged)).map(({ address }) => address),
  );
  const isLimited =
    [...hurt].every((address) => survey.ofFiles.has(address)) &&
    vault.structure.every((span) => isSameAt(span, vault.image, damaged));
  const paths = survey.hurtBy(hurt);
  const unhurt = [...refused].filter(
    ([path, { code }]) => code === "ENOENT" || (isLimited && !paths.has(path)),
  );
  return [
    ...changed.map((path) => `${path} is not read as it was`),
    ...unhurt.map(([path, { message }]) => `${path} is refused with nothing damaged: ${message}`),
  ];
}

/** Whether the newest state reads a page from this place. */
function isNeeded(page: PageSpan, vault: VaultImage, { live }: Survey): boolean {
  return live.has(page.address) && vault.isNamed(page);
}

function storeWarnings(store: object): readonly string[] {
  return "warnings" in store ? (store.warnings as readonly string[]) : [];
}

/** What of an entry a copy has to have; room may be taken otherwise. */
function essence({ blocks: _, nlink: __, ...rest }: ListedEntry): string {
  return JSON.stringify(rest);
}

function changedPaths(
  { entries }: Survey,
  listed: Readonly<Record<string, ListedEntry>>,
): readonly string[] {
  return Object.entries(entries)
    .filter(([path, entry]) => {
      const found = listed[path];
      return found === undefined || essence(found) !== essence(entry);
    })
    .map(([path]) => path);
}

async function tryRecovery(
  damage: DamageCase,
  lost: ReadonlySet<number>,
): Promise<readonly string[]> {
  const { vault, survey, damaged } = damage;
  const hasKeys = [...survey.keys].some((address) => !lost.has(address));
  const store = await vault.search(damaged);
  try {
    return wrongWith(damage, lost, await recoverContents(store));
  } catch (error) {
    if (!(error instanceof DvaultError)) throw error;
    return hasKeys ? [`a recovery fails: ${error.message}`] : [];
  } finally {
    await store.close();
  }
}

function wrongWith(
  { survey }: DamageCase,
  lost: ReadonlySet<number>,
  recovered: RecoveredContents,
): readonly string[] {
  const { entries, listed, root } = recovered;
  // A machine that has seen a newer commit says so, also where nothing is left of that.
  const isOlder = root !== undefined && root.generation < survey.generation;
  const isBehind = recovered.isBehind || isOlder;
  const hurt = survey.hurtBy(lost);
  const changed = changedPaths(survey, listed);
  // Where the newest commit root is lost, files that it changed come back as they were before, which is told.
  const isEarlier = (path: string): boolean => isBehind && listed[path] !== undefined;
  const costs = changed.filter(
    (path) => !(hurt.has(path) || isElsewhere(survey, path, recovered) || isEarlier(path)),
  );
  const silent = changed.filter((path) => !isTold(survey, path, recovered) && !isBehind);
  const untrue = entries.filter(({ path, state }) => {
    const before = survey.entries[toText(path)];
    const after = listed[toText(path)];
    if (state !== "whole" || before === undefined || isBehind) return false;
    return after?.content !== before.content || after.size !== before.size;
  });
  return [
    ...costs.map((path) => `${path} is lost with what is not its own`),
    ...silent.map((path) => `${path} is not what it was, and that is not told`),
    ...untrue.map(({ path }) => `${toText(path)} is called whole and is not`),
  ];
}

/** Whether an entry's content came back under another name, since the way to it was lost. */
function isElsewhere({ entries }: Survey, path: string, { listed }: RecoveredContents): boolean {
  const before = entries[path];
  return Object.values(listed).some(
    ({ content, size }) => content === before?.content && size === before.size,
  );
}

/** Whether an entry is not passed off as whole; of directories, the names in them are told. */
function isTold(survey: Survey, path: string, recovered: RecoveredContents): boolean {
  const { entries, lostNames } = recovered;
  if (survey.entries[path]?.mode.startsWith("4")) return true;
  const isHurt = entries.some((found) => toText(found.path) === path && found.state !== "whole");
  const isNamed = lostNames.some((name) => toText(name.path ?? utf8("")) === path);
  return isHurt || isNamed || isElsewhere(survey, path, recovered) || recovered.lostNodes > 0;
}
