// What services say of their settings, put together for one reader.

import { expect, it } from 'vitest'
import { mergeFaults } from './check-services.ts'

it('R3.11 says a fault once that several services have, and a crash as it is', () => {
  const level = '  SALLYPORT_LOG_LEVEL: must be one of debug, info'
  const verdicts = [
    {
      isGood: false,
      said: `auth-sidecar: 2 settings at fault\n${level}\n  WS_RATE_LIMIT: must be`,
    },
    { isGood: true, said: 'ws-backend: settings are complete' },
    { isGood: false, said: `frontend: 1 settings at fault\n${level}` },
    { isGood: false, said: 'Error: x\n    at y' },
  ]
  expect(mergeFaults(verdicts)).toEqual([
    'auth-sidecar, frontend: SALLYPORT_LOG_LEVEL: must be one of debug, info',
    'auth-sidecar: WS_RATE_LIMIT: must be',
    'Error: x\n    at y',
  ])
})
