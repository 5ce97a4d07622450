/**
 * Vaults that the program can mount, as bytes to be damaged.
 *
 * @module
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileImage } from "./file-image.ts";
import type { Image, VaultImage } from "./image.ts";
import { filesIn, folderImage } from "./object-images.ts";

/** See the head of this file. */
export interface MountableImage extends Pick<VaultImage, "image" | "pages" | "deletedWith"> {
  /** Puts an image in the vault's place, whatever is there. */
  bring(image: Image): Promise<void>;
}

/** Takes the image of a vault file. */
export function mountableFile(path: string): MountableImage {
  const bring = async (next: Image): Promise<void> => {
    for (const bytes of next.values()) writeFileSync(path, bytes);
  };
  return { ...fileImage(path, path), bring };
}

/** Takes the image of a vault in a folder. @throws Error when there is none */
export async function mountableFolder(folder: string): Promise<MountableImage> {
  const bring = async (next: Image): Promise<void> => {
    for (const name of filesIn(folder)) rmSync(join(folder, name));
    for (const [name, bytes] of next) writeFileSync(join(folder, name), bytes);
  };
  return { ...(await folderImage(folder)), bring };
}
