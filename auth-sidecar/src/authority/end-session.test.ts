import { expect, it } from 'vitest'
import { endSession } from './end-session.ts'

const session = { sessionId: 's1', subject: 'alice' }

/** Stores that say what they were asked to do, in order. */
function createStores() {
  const steps: unknown[] = []
  const deps = {
    authorities: {
      apply: async (change: object) => ({ epoch: 'e', sequence: steps.push(change) }),
    },
    sessions: { remove: async (sessionId: string) => void steps.push(`remove ${sessionId}`) },
  }
  return { steps, deps }
}

it('SES-4 makes the end durable before it forgets the session', async () => {
  const { steps, deps } = createStores()
  await endSession(session, deps)
  expect(steps).toEqual([{ type: 'end-session', ...session }, 'remove s1'])
})

it('RX.1 ends a session with a margin for its live sockets', async () => {
  const { steps, deps } = createStores()
  await endSession(session, deps, 5000)
  expect(steps[0]).toEqual({ type: 'end-session', ...session, marginMs: 5000 })
})

it('SES-6 forgets no session whose end is not durable', async () => {
  const { steps, deps } = createStores()
  const authorities = { apply: () => Promise.reject(new Error('down')) }
  await expect(endSession(session, { ...deps, authorities })).rejects.toThrow()
  expect(steps).toEqual([])
})
