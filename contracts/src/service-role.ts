// Who is on the other end of an internal hop. A certificate names exactly one role (common name and DNS name);
// a certificate of our authority with another role is refused like a stranger's.

/** Every role the internal authority issues a certificate for. */
export const serviceRoles = [
  'traefik',
  'auth-sidecar',
  'ws-backend',
  'frontend',
  'operator',
] as const

/** A role of an internal hop. */
export type ServiceRole = (typeof serviceRoles)[number]
