// Names of channels: `room:<name>` for people, `user:<id>` for what the server tells one user.

const channelPattern = /^[a-z]{1,32}:[A-Za-z0-9_.-]{1,128}$/

/** True for a well-formed channel name. */
export function isChannelName(value: unknown): value is string {
  return typeof value === 'string' && channelPattern.test(value)
}
