/**
 * What can be done by the admin port.
 *
 * @module
 */
import { isFaultKind } from "../faults/effects.ts";
import type { Fault, FaultRule } from "../faults/fault.ts";
import { defaultSettings } from "../settings.ts";
import { AdminError, type AdminRequest, type Controlled } from "./admin-request.ts";

type Operation = (controlled: Controlled, request: AdminRequest) => object | undefined;

/** What the admin port can do, by method and topic. */
export const ADMIN_OPERATIONS: Readonly<Record<string, Operation>> = {
  "GET counters": ({ discord: { log, rates } }) => {
    return { ...log.counters, earlyRetries: rates.earlyRetries, failures: log.failures().length };
  },
  "DELETE counters": ({ discord: { log } }) => {
    log.reset();
    return undefined;
  },
  "GET log": ({ discord: { log } }) => log.entries(),
  "GET settings": ({ discord: { settings } }) => settings,
  "PATCH settings": ({ discord: { settings } }, { body }) => {
    const known = defaultSettings();
    const unknown = Object.keys(body).find((name) => !(name in known));
    if (unknown !== undefined) throw new AdminError(400, `no setting ${unknown}`);
    const rates = Object.assign({}, settings.rates, body.rates);
    return Object.assign(settings, body, { rates });
  },
  "GET faults": ({ faults }) => faults.rules(),
  "POST faults": ({ faults }, { body }) => {
    const kind = (body.fault as Fault | undefined)?.kind;
    if (!isFaultKind(kind)) throw new AdminError(400, `no fault ${kind}`);
    return { id: faults.add(body as unknown as FaultRule) };
  },
  "DELETE faults": ({ faults }, { argument }) => {
    if (argument === undefined) faults.clear();
    else if (!faults.remove(Number(argument))) throw new AdminError(404, `no fault ${argument}`);
    return undefined;
  },
  "GET clock": ({ discord: { clock } }) => ({ now: clock.now() }),
  "POST clock": ({ discord: { clock } }, { body: { advanceMs } }) => {
    if (typeof advanceMs !== "number") throw new AdminError(400, "advanceMs is no number");
    clock.advance(advanceMs);
    return { now: clock.now() };
  },
  "DELETE limits": ({ discord: { rates, invalidRequests } }) => {
    rates.reset();
    invalidRequests.reset();
    return undefined;
  },
  "GET world": ({ discord: { world } }) => ({
    guilds: world.guilds.values(),
    accounts: world.accounts.values(),
    channels: world.channels.values(),
    webhooks: world.webhooks.values(),
    messages: world.messages.values(),
  }),
};
