// What sallyport.yml may leave out, from the sidecar's settings: launcher and sidecar read the one file by the same
// defaults, or Traefik's routes and the decisions about them would differ. Reads no text: settings are checked before.

import type { CredentialWay } from '../identity.ts'
import type { SallyportFileOptions } from '../sallyport-file.ts'

/** The settings of the sidecar that the file's defaults come from. */
export type PolicySettings = {
  readonly SALLYPORT_MODE: 'development' | 'production'
  readonly SIDECAR_ALLOWED_ORIGINS: readonly string[]
  readonly SIDECAR_CREDENTIAL_WAYS: readonly CredentialWay[]
  readonly SIDECAR_ALLOW_MISSING_ORIGIN: boolean
  readonly WS_RATE_LIMIT: number
}

/** Settings → how the file is read. */
export function policyOptionsOf(settings: PolicySettings): SallyportFileOptions {
  return {
    publicOrigins: settings.SIDECAR_ALLOWED_ORIGINS,
    mode: settings.SALLYPORT_MODE,
    defaults: {
      ways: settings.SIDECAR_CREDENTIAL_WAYS,
      allowMissingOrigin: settings.SIDECAR_ALLOW_MISSING_ORIGIN,
      perMinute: settings.WS_RATE_LIMIT,
    },
  }
}
