/**
 * How the API shows guilds.
 *
 * @module
 */
import type { Guild, Role } from "../../model/guild.ts";

/** How the API shows a guild to its members. */
export function guildView(guild: Guild): Record<string, unknown> {
  return {
    ...identity(guild),
    ...NOTHING_SPECIAL,
    owner_id: guild.ownerId,
    premium_tier: guild.premiumTier,
    premium_subscription_count: [0, 2, 7, 14][guild.premiumTier],
    roles: guild.roles.map(roleView),
  };
}

/** How a guild stands in a bot's list of guilds. */
export function guildListView(guild: Guild, permissions: bigint): Record<string, unknown> {
  return { ...identity(guild), banner: null, owner: false, permissions: permissions.toString() };
}

function identity({ id, name }: Guild): Record<string, unknown> {
  return { id, name, icon: null, features: [] };
}

/** What a guild has that never touched its settings. */
const NOTHING_SPECIAL = {
  description: null,
  home_header: null,
  splash: null,
  discovery_splash: null,
  banner: null,
  application_id: null,
  region: "deprecated",
  afk_channel_id: null,
  afk_timeout: 300,
  system_channel_id: null,
  system_channel_flags: 0,
  widget_enabled: false,
  widget_channel_id: null,
  verification_level: 0,
  default_message_notifications: 0,
  mfa_level: 0,
  explicit_content_filter: 0,
  max_presences: null,
  max_members: 500_000,
  max_stage_video_channel_users: 50,
  max_video_channel_users: 25,
  vanity_url_code: null,
  preferred_locale: "en-US",
  rules_channel_id: null,
  safety_alerts_channel_id: null,
  public_updates_channel_id: null,
  premium_progress_bar_enabled: false,
  nsfw: false,
  nsfw_level: 0,
  emojis: [],
  stickers: [],
  incidents_data: null,
};

function roleView({ id, name, permissions, isManaged }: Role, position: number): object {
  return {
    id,
    name,
    permissions,
    position,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    managed: isManaged,
    mentionable: false,
    icon: null,
    unicode_emoji: null,
    flags: 0,
  };
}
