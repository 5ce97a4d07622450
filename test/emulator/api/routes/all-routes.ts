/**
 * The emulator's part of the API.
 *
 * @module
 */
import type { Route } from "../call.ts";
import { BULK_DELETE_ROUTE } from "./bulk-delete-route.ts";
import { CHANNEL_ROUTES } from "./channel-routes.ts";
import { GATEWAY_ROUTES } from "./gateway-routes.ts";
import { GUILD_ROUTES } from "./guild-routes.ts";
import { MESSAGE_ROUTES } from "./message-routes.ts";
import { PIN_ROUTES } from "./pin-routes.ts";
import { REFRESH_URLS_ROUTE } from "./refresh-urls-route.ts";
import { START_THREAD_ROUTE } from "./start-thread-route.ts";
import { USER_ROUTES } from "./user-routes.ts";
import { WEBHOOK_MESSAGE_ROUTES } from "./webhook-message-routes.ts";
import { WEBHOOK_ROUTES } from "./webhook-routes.ts";

/** Every operation the emulator has. */
export const ALL_ROUTES: readonly Route[] = [
  ...GATEWAY_ROUTES,
  ...USER_ROUTES,
  ...GUILD_ROUTES,
  ...CHANNEL_ROUTES,
  START_THREAD_ROUTE,
  ...MESSAGE_ROUTES,
  BULK_DELETE_ROUTE,
  ...PIN_ROUTES,
  ...WEBHOOK_ROUTES,
  ...WEBHOOK_MESSAGE_ROUTES,
  REFRESH_URLS_ROUTE,
];
