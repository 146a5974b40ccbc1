// Rooms through the whole system: what one socket publishes takes nobody else's place.

import { expect, inject, it } from 'vitest'
import { login } from '../support/http.ts'
import { openSocket } from '../support/socket.ts'
import { readStack } from '../support/stack.ts'

const stack = readStack(inject('stateFolder'))

it('LIM-3 LIM-4 one socket that publishes all it can at once ends nobody who listens', async () => {
  const channel = 'room:burst'
  const readers = await Promise.all(
    ['alice', 'bob'].map(async (name) => {
      const { token } = await login(stack, name)
      const reader = await openSocket(stack, { token })
      reader.send({ type: 'subscribe', data: { channel } })
      await reader.message('subscribed')
      return reader
    }),
  )
  const { token } = await login(stack, 'bob')
  const talker = await openSocket(stack, { token })
  await talker.message('welcome')
  const fill = 'x'.repeat(65_000)
  for (let n = 0; n < 40; n += 1) {
    talker.send({ type: 'publish', id: `p${n}`, data: { channel, data: { fill } } })
  }
  const { data } = await talker.message('error', ({ id }) => id === 'p39')
  expect(data.code).toBe('rate-limited')
  const acks = talker.messages.filter(({ type }) => type === 'ack')
  expect(acks.length).toBeGreaterThan(2)
  for (const reader of readers) {
    reader.send({ type: 'subscribe', id: 'after', data: { channel: 'room:after' } })
    await reader.message('subscribed', ({ id }) => id === 'after')
    expect(reader.messages.filter(({ type }) => type === 'event')).toHaveLength(acks.length)
  }
  for (const socket of [...readers, talker]) socket.close()
})
