/**
 * The ways to reach the kernel, by name.
 *
 * @module
 */

/** Names that `--driver` takes, the one that is used when none is given first. */
export const DRIVER_NAMES = ["kernel", "fuse-native"] as const;

/** One of {@link DRIVER_NAMES}. */
export type DriverName = (typeof DRIVER_NAMES)[number];
