// A Traefik of a test file's own with a backend of its own behind it: what reaches that backend was sent by this
// file and by nobody else. The recording backend answers every upgrade with 101, so a refusal is the gate's.

import type { PlainAnswer } from './raw-exchange.ts'
import { type RawAnswer, type RawUpgrade, rawUpgrade } from './raw-upgrade.ts'
import { type Recorded, type RecordingBackend, startRecordingBackend } from './recording-backend.ts'
import { startTraefik } from './second-parts.ts'
import type { Stack } from './stack.ts'

/** Who answered: our services say problem+json (or are the front end), Traefik says plain text. */
export type Refuser = 'traefik' | 'service' | 'frontend' | 'nobody'

export type GateAnswer = RawAnswer & {
  readonly by: Refuser
  /** What the backend behind this gate received meanwhile. */
  readonly reached: readonly Recorded[]
}

export type Gate = {
  readonly endpoints: Stack['endpoints']
  readonly accessLog: string
  readonly backend: RecordingBackend
  /** An upgrade with the allowed origin, unless the headers bring one or `without` names it. */
  readonly upgrade: (upgrade?: RawUpgrade) => Promise<GateAnswer>
  readonly close: () => Promise<void>
}

/** Starts both; `changes` replaces further variables of Traefik's environment. */
export async function startGate(stack: Stack, changes: Record<string, string> = {}): Promise<Gate> {
  const backend = await startRecordingBackend(stack)
  const traefik = await startTraefik(stack, { SALLYPORT_BACKEND_URL: backend.url, ...changes })
  const { endpoints, accessLog } = traefik
  return {
    endpoints,
    accessLog,
    backend,
    async upgrade(upgrade = {}) {
      const before = backend.received.length
      const answer = await rawUpgrade({ endpoints }, withOrigin(upgrade, stack.endpoints.public))
      answer.socket.destroy()
      return { ...answer, by: refuserOf(answer), reached: backend.received.slice(before) }
    },
    async close() {
      await traefik.stop()
      await backend.close()
    },
  }
}

/** The second Traefik has an address of its own; the origin that is allowed stays the first one's. */
export function withOrigin(upgrade: RawUpgrade, origin: string): RawUpgrade {
  const { headers = [], without = [] } = upgrade
  if (without.includes('Origin')) return upgrade
  const brings = headers.some(([name]) => name.toLowerCase() === 'origin')
  return {
    ...upgrade,
    without: [...without, 'Origin'],
    headers: brings ? headers : [['Origin', origin], ...headers],
  }
}

/** Tells by its form who made an answer. */
export function refuserOf(answer: Pick<PlainAnswer, 'status' | 'headers'>): Refuser {
  const type = answer.headers['content-type'] ?? ''
  if (answer.status === 101) return 'nobody'
  if (type.startsWith('application/problem+json')) return 'service'
  return type.startsWith('text/html') ? 'frontend' : 'traefik'
}
