import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'

/** A process that runs a service whose close is `close`; resolves with its status after one SIGTERM, or two. */
async function statusAfter(close: string, signals: number): Promise<number | null> {
  const module = new URL('./run-service.ts', import.meta.url).href
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `
    import { runService } from ${JSON.stringify(module)}
    const log = { info() {}, error() {} }
    setInterval(() => {}, 1000)
    await runService({
      name: 'test',
      settings: { ok: true, value: {} },
      arguments: [],
      start: async () => ({ log: { ...log, info: (_, text) => console.log(text) }, running: { close: ${close} } }),
    })
    console.log('up')
  `,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let sent = 0
  createInterface({ input: child.stdout }).on('line', () => {
    if (sent < signals) child.kill('SIGTERM')
    sent += 1
  })
  return exited
}

it('R3.5 ends with status 0 once everything is closed', async () => {
  expect(await statusAfter('async () => {}', 1)).toBe(0)
})

it('R3.5 ends with status 1 when closing fails', async () => {
  expect(await statusAfter("() => Promise.reject(new Error('stuck'))", 1)).toBe(1)
})

it('R3.5 ends at once at a second signal when closing hangs', async () => {
  expect(await statusAfter('() => new Promise(() => {})', 2)).toBe(1)
})
