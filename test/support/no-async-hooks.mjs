/**
 * Leaves out what tap has Node do at each promise: an async hook, by which it finds the subtest that an error belongs to
 * which nobody awaits. Such an error still fails its file, and tells its stack. The hook takes tests that await much a
 * third of their time.
 *
 * Node is told by `.taprc` to load this first.
 *
 * @module
 */
import hooks from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";

const idle = {
  enable: () => idle,
  disable: () => idle,
};

hooks.createHook = () => idle;
syncBuiltinESMExports();
