// The inner door when something of ours throws: the process stays, the socket does not.

import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import { Duplex } from 'node:stream'
import { createLog } from '@sallyport/service-kit/log'
import { expect, it } from 'vitest'
import { acceptUpgrades } from './accept-upgrade.ts'
import { defaultLimits } from './connection-limits.ts'

it('RX.11 cuts the socket and logs when the answer to an upgrade fails after the decision', async () => {
  const server = new EventEmitter() as unknown as Server
  const lines: Record<string, unknown>[] = []
  const deps: Parameters<typeof acceptUpgrades>[1] = {
    keys: () => [],
    rememberNonce: () => 'fresh',
    isSocketPath: () => true,
    isDraining: () => true,
    takePendingPlace: () => ({ ok: true, value: () => {} }),
    limits: defaultLimits,
    now: () => 0,
    wallClock: () => new Date(0),
    onAccepted: () => {
      throw new Error('nobody is accepted here')
    },
    onPending: () => {
      throw new Error('nobody is accepted here')
    },
    onRefused: () => {
      throw new Error('a bug')
    },
    log: createLog('ws-backend', 'debug', { write: (text) => lines.push(JSON.parse(text)) }),
  }
  acceptUpgrades(server, deps)
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
  const closed = once(socket, 'close')
  const request = { headersDistinct: {} } as unknown as IncomingMessage
  server.emit('upgrade', request, socket, Buffer.alloc(0))
  await closed
  expect(lines).toMatchObject([{ level: 'error', msg: 'an upgrade could not be answered' }])
})
