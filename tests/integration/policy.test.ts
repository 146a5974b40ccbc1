// sallyport.yml through the whole system: who may, and what an edit does while sockets are open.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { login } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { openSocket } from '../support/socket.ts'
import { freshAddress } from '../support/source-address.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-policy-'))
const path = join(folder, 'sallyport.yml')

const everybody = '  websocket: { kind: websocket, path: /ws }\n'
const staffAtWs = '  websocket: { kind: websocket, path: /ws, who: { groups: [staff] } }\n'
const staffRoute = '  staff: { kind: websocket, path: /staff, who: { groups: [staff] } }\n'
const later = '  later: { kind: websocket, path: /later }\n'
const file = (...routes: string[]) => `version: 1\nroutes:\n${routes.join('')}`

/** As editors do it: a new file in the old one's place. */
function edit(text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

let stack: Stack

beforeAll(async () => {
  edit(file(everybody, staffRoute))
  stack = await startStack({ SALLYPORT_POLICY_FILE: path })
})

afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true })
})

async function statusAt(target: string, cookie: string): Promise<number> {
  const { status, socket } = await rawUpgrade(stack, { target, headers: [['Cookie', cookie]] })
  socket.destroy()
  return status
}

it('RX.13 lets into a route whom it names, and others into another one', async () => {
  const [alice, bob] = await Promise.all([login(stack), login(stack, 'bob')])
  expect(await statusAt('/staff', alice.cookie)).toBe(101)
  expect(await statusAt('/staff', bob.cookie)).toBe(403)
  expect(await statusAt('/ws', bob.cookie)).toBe(101)
})

it('RX.13 HDR-3 knows no other spelling of a route’s path', async () => {
  const { cookie } = await login(stack)
  for (const target of ['/STAFF', '/staff/', '/staff/x', '/staff;x', '/staff.', '/staff%20']) {
    expect(await statusAt(target, cookie), target).not.toBe(101)
  }
})

it('RX.13 R3.11 takes an edit over: who may no longer is ended with 4403, everybody else stays', async () => {
  const [alice, bob] = await Promise.all([login(stack), login(stack, 'bob')])
  const [stays, goes] = await Promise.all([
    openSocket(stack, { cookie: alice.cookie }),
    openSocket(stack, { cookie: bob.cookie }),
  ])
  await Promise.all([stays.message('welcome'), goes.message('welcome')])
  edit(file(staffAtWs, staffRoute))
  expect(await goes.closed).toMatchObject({ code: 4403 })
  expect(await statusAt('/ws', bob.cookie)).toBe(403)
  expect(await statusAt('/ws', alice.cookie)).toBe(101)
  stays.send({ type: 'subscribe', id: '1', data: { channel: 'room:stays' } })
  expect(await stays.message('subscribed')).toMatchObject({ id: '1' })

  // A slip of the editor opens nothing and closes nothing, and is said by line.
  edit(file(everybody.replace('websocket,', 'websockets,'), staffRoute))
  await until('the fault is told', () => /sallyport\.yml:3:\d+: /.test(stack.output()))
  expect(await statusAt('/ws', bob.cookie)).toBe(403)
  expect(await statusAt('/staff', alice.cookie)).toBe(101)

  edit(file(everybody, staffRoute, later))
  await until('bob may again', async () => (await statusAt('/ws', bob.cookie)) === 101)
  await until('the new route is there', async () => (await statusAt('/later', bob.cookie)) === 101)
  edit(file(everybody, staffRoute))
  await until('it is gone', async () => (await statusAt('/later', bob.cookie)) !== 101)
  stays.send({ type: 'subscribe', id: '2', data: { channel: 'room:still' } })
  expect(await stays.message('subscribed', ({ id }) => id === '2')).toBeDefined()
  stays.close()
})

it('RX.13 ends sockets whose address is blocked, and has tokens shown again that other rules judge now', async () => {
  const { cookie, token } = await login(stack)
  const blocked = freshAddress()
  const [stays, goes, again] = await Promise.all([
    openSocket(stack, { cookie }),
    openSocket(stack, { cookie, from: blocked }),
    openSocket(stack, { token }),
  ])
  await Promise.all([stays, goes, again].map((socket) => socket.message('welcome')))
  const orders = everybody.replace('path: /ws', 'path: /ws, audience: orders')
  edit(`${file(orders, staffRoute)}addresses: { blocked: ['${blocked}'] }\n`)
  expect(await goes.closed).toMatchObject({ code: 4403 })
  expect(await again.closed).toMatchObject({ code: 4401 })
  stays.send({ type: 'subscribe', id: '1', data: { channel: 'room:stays' } })
  expect(await stays.message('subscribed')).toMatchObject({ id: '1' })
  stays.close()
})
