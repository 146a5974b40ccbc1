// Launcher and sidecar read sallyport.yml with defaults from the same settings: one as text, one checked. Both must
// come to the same, or Traefik's routes and the decisions about them would differ.

import { policyOptionsOf } from '@sallyport/contracts/sallyport-file/policy-options'
import { readSettings } from '@sallyport/service-kit/settings'
import { expect, it } from 'vitest'
import { settingsSchema } from '../../auth-sidecar/src/config.ts'
import { policyOptions } from '../../launcher/src/policy-file.ts'

const asSidecar = settingsSchema.pick({
  SALLYPORT_MODE: true,
  SIDECAR_ALLOWED_ORIGINS: true,
  SIDECAR_CREDENTIAL_WAYS: true,
  SIDECAR_ALLOW_MISSING_ORIGIN: true,
  WS_RATE_LIMIT: true,
})

const origins = { SIDECAR_ALLOWED_ORIGINS: 'https://a.example.com, https://b.example.com' }

it.each([
  {},
  { SALLYPORT_MODE: 'development', SIDECAR_ALLOW_MISSING_ORIGIN: 'true', WS_RATE_LIMIT: '7' },
  { SALLYPORT_MODE: 'production', SIDECAR_ALLOW_MISSING_ORIGIN: 'false' },
  { SIDECAR_CREDENTIAL_WAYS: 'ticket, first-message' },
  {
    SALLYPORT_MODE: '',
    SIDECAR_CREDENTIAL_WAYS: '',
    SIDECAR_ALLOW_MISSING_ORIGIN: '',
    WS_RATE_LIMIT: '',
  },
])('RX.13 launcher and sidecar make the same of %j', (settings) => {
  const given = { ...origins, ...settings }
  const read = readSettings(asSidecar, given, [])
  expect(read.ok && policyOptionsOf(read.value)).toEqual(policyOptions(given))
})
