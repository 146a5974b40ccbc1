import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'

/** Runs `body` with a log to standard output; yields its lines as they come. */
function run(body: string) {
  const module = new URL('./log.ts', import.meta.url).href
  const script = `import { createLog } from ${JSON.stringify(module)}
    const log = createLog('gate', 'info')
    ${body}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, lines: createInterface({ input: child.stdout }) }
}

async function numbersOf(body: string): Promise<unknown[]> {
  const numbers: unknown[] = []
  for await (const line of run(body).lines) numbers.push(JSON.parse(line).number)
  return numbers
}

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number)

it('LOG-1 writes every line in order when the process exits right after the last', async () => {
  const body =
    'for (let number = 0; number < 5000; number += 1) log.info({ number }); process.exit(0)'
  expect(await numbersOf(body)).toEqual(upTo(5000))
})

it('LOG-1 writes every line when the process simply has nothing left to do', async () => {
  const body = 'for (let number = 0; number < 3; number += 1) log.info({ number })'
  expect(await numbersOf(body)).toEqual(upTo(3))
})

it('LOG-1 writes every line when the process ends by an exception nobody catches', async () => {
  const body = `process.setUncaughtExceptionCaptureCallback(() => process.exit(1))
    log.info({ number: 0 }); throw new Error('bug')`
  expect(await numbersOf(body)).toEqual([0])
})

it('LOG-1 lets no line wait for others: a single one comes while the process lives on', async () => {
  const { child, lines } = run('log.info({ number: 7 }); setInterval(() => {}, 1000)')
  const [line] = await new Promise<string[]>((resolve) =>
    lines.once('line', (text) => resolve([text])),
  )
  expect(JSON.parse(line ?? '')).toMatchObject({ number: 7 })
  expect(child.exitCode).toBeNull()
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
})
