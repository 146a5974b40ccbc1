// What a page of another origin can cost its visitor at the gate: nothing. Flood walls are counted for each router.

import { expect, inject, it } from 'vitest'
import { login } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { freshAddress } from '../support/source-address.ts'
import { readStack } from '../support/stack.ts'

const stack = readStack(inject('stateFolder'))

it('RX.11 a foreign page that runs into the flood wall leaves its visitor’s own budget alone', async () => {
  const from = freshAddress()
  const { cookie } = await login(stack)
  const foreign = await Promise.all(
    Array.from({ length: 20 }, () =>
      rawUpgrade(stack, {
        from,
        without: ['Origin'],
        headers: [
          ['Origin', 'https://evil.example'],
          ['Cookie', cookie],
        ],
      }),
    ),
  )
  const statuses = new Set(foreign.map(({ status }) => status))
  expect(statuses).toContain(429)
  expect(statuses).not.toContain(101)
  const own = await rawUpgrade(stack, { from, headers: [['Cookie', cookie]] })
  own.socket.destroy()
  expect(own.status).toBe(101)
})
