// A whole backend on loopback with a sidecar the test drives, and clients that arrive as if through Traefik.
// Everything that was started ends with `close`. Test code only.

import { EventEmitter, once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import type { Identity, PendingIdentity } from '@sallyport/contracts/identity'
import {
  type AssertionSigner,
  createAssertionSigner,
} from '@sallyport/contracts/identity-assertion'
import { createLog } from '@sallyport/service-kit/log'
import { type ConnectionLimits, defaultLimits } from '../connection/connection-limits.ts'
import { defaultDrainTiming } from '../drain.ts'
import { startBackend } from '../start-backend.ts'
import type { SidecarAnswers } from './fake-answers.ts'
import { type FakeSidecar, startFakeSidecar } from './fake-sidecar.ts'
import { connectTls, makeWebSocketKey, openRawClient, upgradeText } from './raw-client.ts'
import { createTestAuthority } from './test-certificates.ts'

/** The identity of alice, or of whom a test says. */
export function testIdentity(changes: Partial<Identity> = {}): Identity {
  return {
    issuer: 'https://issuer.test',
    subject: 'alice',
    username: 'alice',
    sessionId: 'session-1',
    way: 'session-cookie',
    generation: { epoch: 'epoch-1', subject: 0, session: 0 },
    ttlMs: 600_000,
    route: 'websocket',
    clientAddress: '127.0.0.1',
    groups: [],
    scopes: [],
    claims: {},
    ...changes,
  }
}

export type TestBackendOptions = SidecarAnswers & {
  readonly limits?: Partial<ConnectionLimits>
  readonly socketPaths?: readonly string[]
  /** Further sidecars of the same store; they answer alike. */
  readonly otherSidecars?: number
  readonly recheckIntervalMs?: number
  readonly maxBlindMs?: number
}

/** A line of the log as it was written. */
type LogLine = { readonly msg: string; readonly [name: string]: unknown }

/** Starts both ends. */
export async function startTestBackend({
  limits = {},
  socketPaths = ['/ws'],
  otherSidecars = 0,
  recheckIntervalMs = 600_000,
  maxBlindMs = 600_000,
  ...answers
}: TestBackendOptions = {}) {
  const authority = await createTestAuthority()
  const traefik = await authority.issue('traefik')
  const sidecarTls = await authority.issue('auth-sidecar')
  const sidecar = await startFakeSidecar(sidecarTls, answers)
  const others: FakeSidecar[] = []
  while (others.length < otherSidecars) others.push(await startFakeSidecar(sidecarTls, answers))
  const key = { keyId: 'test', secret: new Uint8Array(32).fill(7) }
  const signer = createAssertionSigner(key, 'ws-backend', Date.now)
  const { signPending } = signer
  const sign = (identity: Identity, webSocketKey: string) =>
    signer.sign(identity, identity, webSocketKey)
  const logLines: LogLine[] = []
  const logEvents = new EventEmitter()
  const tls = await authority.issue('ws-backend')
  const backend = await startBackend({
    host: '127.0.0.1',
    port: 0,
    managementPort: 0,
    openKeys: () => ({ tls, assertionKeys: () => [key], close: async () => {} }),
    authorityUrls: [sidecar, ...others].map(({ url }) => url),
    nodeName: 'node-test',
    socketPaths,
    limits: { ...defaultLimits, endGraceMs: 200, ...limits },
    drainTiming: defaultDrainTiming,
    recheckIntervalMs,
    maxBlindMs,
    log: createLog('ws-backend', 'debug', {
      write(text) {
        logLines.push(JSON.parse(text))
        logEvents.emit('line')
      },
    }),
  })
  const { port } = backend
  const openers = createOpeners({ connect: () => connectTls(port, traefik), sign, signPending })

  /** Resolves with the first log line of this message, past or future. */
  const logged = async (message: string): Promise<LogLine> => {
    for (;;) {
      const line = logLines.find(({ msg }) => msg === message)
      if (line) return line
      await once(logEvents, 'line')
    }
  }
  const close = async (): Promise<void> => {
    await backend.close()
    for (const one of [sidecar, ...others]) await one.close()
  }

  return {
    backend,
    sidecar,
    others,
    authority,
    traefik,
    sign,
    signPending,
    logLines,
    logged,
    ...openers,
    close,
  }
}

type OpenersDeps = Pick<AssertionSigner, 'signPending'> & {
  readonly sign: (identity: Identity, webSocketKey: string) => string
  readonly connect: () => Promise<TLSSocket>
}

/** The ways in which a test opens a socket. */
function createOpeners({ connect, sign, signPending }: OpenersDeps) {
  /** Opens a socket with a signed identity; it is not necessarily live yet. */
  const open = async (changes: Partial<Identity> = {}) => {
    const webSocketKey = makeWebSocketKey()
    const assertion = sign(testIdentity(changes), webSocketKey)
    return openRawClient(
      await connect(),
      upgradeText(webSocketKey, { 'X-Sallyport-Identity': assertion }),
    )
  }
  /** Opens a socket that may only authenticate; `behind` is sent in one piece with the upgrade. */
  const openPending = async (
    changes: Partial<PendingIdentity> = {},
    behind: Buffer = Buffer.alloc(0),
  ) => {
    const webSocketKey = makeWebSocketKey()
    const pending = { route: 'websocket', clientAddress: '192.0.2.1', ...changes }
    const upgrade = upgradeText(webSocketKey, {
      'X-Sallyport-Identity': signPending(pending, webSocketKey),
      'Sec-WebSocket-Protocol': 'sallyport.v1.first-message',
    })
    return openRawClient(await connect(), Buffer.concat([Buffer.from(upgrade), behind]))
  }

  /** Opens a socket and waits for its welcome. */
  const openLive = async (changes: Partial<Identity> = {}) => {
    const client = await open(changes)
    await client.message('welcome')
    return client
  }
  return { open, openPending, openLive }
}

export type TestBackend = Awaited<ReturnType<typeof startTestBackend>>
