// The stand-in for wrk: keep-alive GETs in Node. Slower than wrk, so the ratio it finds flatters the guarded route
// a little; the report names it. Argument: the order as JSON. Prints the lines of wrk that are read.

import { Agent, get } from 'node:http'
import type { HttpOrder } from './wrk.ts'

const order = JSON.parse(process.argv[2] ?? '{}') as HttpOrder
const agent = new Agent({ keepAlive: true, maxSockets: order.connections })
let [answered, errors] = [0, 0]

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(order.url, { agent, headers: order.headers }, (response) => {
      answered += 1
      if ((response.statusCode ?? 0) >= 400) errors += 1
      response.on('end', resolve).resume()
    })
    request.on('error', reject)
  })
}

const startedAtMs = performance.now()
const endsAtMs = startedAtMs + order.durationSeconds * 1000
const lane = async () => {
  while (performance.now() < endsAtMs) await ask()
}
await Promise.all(Array.from({ length: order.connections }, lane))
const seconds = (performance.now() - startedAtMs) / 1000
agent.destroy()
process.stdout.write(`${answered} requests in ${seconds}s\n`)
if (errors > 0) process.stdout.write(`Non-2xx or 3xx responses: ${errors}\n`)
process.stdout.write(`Requests/sec: ${answered / seconds}\n`)
