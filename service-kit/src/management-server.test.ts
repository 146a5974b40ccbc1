import { Counter, Registry } from '@prometheus-io/client'
import { afterEach, expect, it } from 'vitest'
import { startManagementServer } from './management-server.ts'

const running: { close: () => Promise<void> }[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

async function start(isReady: () => boolean) {
  const metrics = new Registry()
  new Counter({ name: 'things_total', help: 'Things.', registers: [metrics] }).inc(3)
  const server = await startManagementServer({ host: '127.0.0.1', port: 0, isReady, metrics })
  running.push(server)
  return (path: string, method = 'GET') =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { method })
}

it('R0.13 tells alive from ready', async () => {
  let ready = false
  const get = await start(() => ready)
  expect((await get('/healthz')).status).toBe(200)
  expect((await get('/readyz')).status).toBe(503)
  ready = true
  expect((await get('/readyz')).status).toBe(200)
})

it('R0.13 serves metrics, and nothing else', async () => {
  const get = await start(() => true)
  expect(await (await get('/metrics')).text()).toContain('things_total 3')
  expect((await get('/')).status).toBe(404)
  expect((await get('/healthz', 'POST')).status).toBe(405)
})
