import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { probeWhile } from './answer-probe.ts'

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function serve(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { management: `http://127.0.0.1:${port}`, pid: process.pid }
}

it('tells the longest answer of all that are asked, and stops asking with the work', async () => {
  const asked: (string | undefined)[] = []
  const enough = Promise.withResolvers<string>()
  const quick = await serve((request, response) => {
    asked.push(request.url)
    response.end()
    if (asked.length === 3) enough.resolve('done')
  })
  const slow = await serve((_request, response) => void setTimeout(() => response.end(), 60))
  const { done, times } = await probeWhile([quick, slow], () => enough.promise)
  expect(done).toBe('done')
  expect(times.longest.tookMs).toBeGreaterThanOrEqual(59)
  expect(times.mostRanMs).toBeGreaterThan(0)
  expect(times.asked).toBeGreaterThanOrEqual(4)
  expect(new Set(asked)).toEqual(new Set(['/healthz']))
})

it('fails with the work, and with whoever does not answer', async () => {
  const healthy = await serve((_request, response) => void response.end())
  const failing = () => Promise.reject(new Error('the work failed'))
  await expect(probeWhile([healthy], failing)).rejects.toThrow('the work failed')
  const broken = await serve((_request, response) => void response.destroy())
  await expect(probeWhile([broken], async () => 'done')).rejects.toThrow()
})
