/**
 * Finds a driver by its name.
 *
 * @module
 */
import type { Driver } from "./driver.ts";
import type { DriverName } from "./driver-names.ts";
import { kernelDriver } from "./kernel-driver.ts";

/**
 * Loads what the driver needs, which is nothing for our own.
 * @throws UsageError MOUNT_FAILED when a package that it needs is missing or does not run here
 */
export async function loadDriver(name: DriverName): Promise<Driver> {
  switch (name) {
    case "kernel":
      return kernelDriver;
    case "fuse-native":
      return (await import("./fuse-native/fuse-native-driver.ts")).loadFuseNativeDriver();
  }
}
