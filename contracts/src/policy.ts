// What `sallyport.yml` says, checked and complete: Traefik's files and the sidecar's decisions both come from it.
// Types only: the form is checked in `sallyport-file.ts`; who keeps to a policy is decided by the sidecar.

import type { CredentialWay } from './identity.ts'

/** Headers that existing applications expect an identity in; `identity` is the signed assertion. */
export const applicationHeaders = [
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Auth-Request-Groups',
  'Remote-User',
] as const

/** One of those headers. */
export type ApplicationHeader = (typeof applicationHeaders)[number]

/** Who may: all three must hold; an empty list demands nothing. */
export type Who = {
  /** In one of these groups. */
  readonly groups: readonly string[]
  /** Granted all of these scopes. */
  readonly scopes: readonly string[]
  /** Each named claim has one of its values (a claim that is a list: contains one of them). */
  readonly claims: Readonly<Record<string, readonly string[]>>
}

/**
 * How attempts are counted. `strict`: every attempt counts. `shared-address`: for offices behind one address; a
 * successful attempt is given back, and a limit for each subject applies.
 */
export type AttemptProfile = 'strict' | 'shared-address'

/** One guarded address and its rules. */
export type Route = {
  /** Its key in the file: in Traefik's names, in logs and metrics. */
  readonly name: string
  /** `websocket`: the upgrade at exactly `path`. `http`: requests to `path` and everything below it. */
  readonly kind: 'websocket' | 'http'
  /** Exact host names without port, lower case; none: every host. */
  readonly hosts: readonly string[]
  /** Begins with `/`, no trailing `/` but for the root, no query, nothing encoded. */
  readonly path: string
  /** A key of `Policy.backends`, or `ws-backend`. */
  readonly backend: string
  readonly who: Who
  readonly ways: readonly CredentialWay[]
  /** Exact origins. */
  readonly origins: readonly string[]
  /** Lets clients through that send no Origin; never with a cookie. */
  readonly allowMissingOrigin: boolean
  /** What a token's audience must be, in place of its issuer's own. */
  readonly audience: string | undefined
  readonly attempts: {
    readonly perMinute: number
    readonly profile: AttemptProfile
    readonly perSubjectPerMinute: number
  }
  readonly identityHeaders: readonly ApplicationHeader[]
  /** A page navigation without a credential is sent to the login page instead of being refused; `http` only. */
  readonly redirectToLogin: boolean
}

/** A backend that is not this repository's own. */
export type Backend = {
  /** Scheme, host and port. */
  readonly url: string
}

/** How the claims of an issuer's tokens are read. */
export type ClaimMapping = {
  readonly subject: string
  readonly username: string
  readonly groups: string
  readonly scopes: string
}

/** Signature algorithms that may be configured: asymmetric ones only. */
export const tokenAlgorithms = [
  'ES256',
  'ES384',
  'EdDSA',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const

export type TokenAlgorithm = (typeof tokenAlgorithms)[number]

/** No issuer may be allowed longer-lived tokens than this, in seconds: what is revoked is remembered as long. */
export const maxIssuerLifeSeconds = 86_400

/** No issuer's clock may be believed to be further ahead than this, in seconds. */
export const maxClockToleranceSeconds = 120

/** How long `TrustedIssuer.prefix` may be. */
export const maxPrefixLength = 64

/** Somebody else whose tokens are accepted. */
export type TrustedIssuer = {
  /** Exact `iss`. */
  readonly issuer: string
  /**
   * Stands before every subject, username and group of its tokens, so that nobody is taken for his namesake. Empty:
   * this issuer names the same people and groups as we do.
   */
  readonly prefix: string
  /** Where its keys are; https (http in development). */
  readonly keySetUrl: string
  readonly algorithms: readonly TokenAlgorithm[]
  /** Exact `typ` of its tokens' headers, lower case; undefined: a token may have none, or `JWT`. */
  readonly tokenType: string | undefined
  readonly audience: string
  /** The claim that must name `audience`: `aud`, or the client's id in `azp` or `client_id`. */
  readonly audienceClaim: 'aud' | 'azp' | 'client_id'
  readonly clockToleranceSeconds: number
  readonly maxLifeSeconds: number
  readonly claims: ClaimMapping
}

/** Everything a run is told about routes. */
export type Policy = {
  readonly routes: readonly Route[]
  readonly backends: Readonly<Record<string, Backend>>
  readonly issuers: readonly TrustedIssuer[]
  readonly addresses: {
    /** CIDR ranges that no limit counts: health checks. */
    readonly unlimited: readonly string[]
    /** CIDR ranges that are refused. */
    readonly blocked: readonly string[]
  }
}
