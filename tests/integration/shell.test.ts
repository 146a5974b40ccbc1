import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { openSocket } from '../support/socket.ts'
import { readStack, root, withoutMode } from '../support/stack.ts'
import { claimsOf } from '../support/tokens.ts'

const stack = readStack(inject('stateFolder'))

/** Runs a launcher command against the running system, feeds it lines, and returns what it printed. */
function run(args: string[], lines: readonly string[] = []) {
  const child = spawn(process.execPath, [join(root, 'launcher/src/main.ts'), ...args], {
    cwd: root,
    env: { ...withoutMode(process.env), SALLYPORT_STATE: stack.stateFolder, NO_COLOR: '1' },
  })
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.stdin.end(lines.map((line) => `${line}\n`).join(''))
  return new Promise<{ status: number | null; output: string; errors: string }>((resolve) => {
    child.once('close', (status) => resolve({ status, output, errors }))
  })
}

describe('R3.5 from the shell', () => {
  it('R3.5 `make token` prints a token that opens a socket, and nothing else', async () => {
    const { status, output } = await run(['token', 'bob'])
    expect(status).toBe(0)
    const token = output.trim()
    expect(claimsOf(token)).toMatchObject({ sub: 'bob' })
    const socket = await openSocket(stack, { token, origin: undefined })
    expect(await socket.message('welcome')).toMatchObject({ data: { userId: 'bob' } })
    socket.close()
  })

  it('R3.5 `make token` names who can sign in when the name is unknown', async () => {
    const { status, output, errors } = await run(['token', 'nobody'])
    expect(status).not.toBe(0)
    expect(output).toBe('')
    expect(errors).toContain('alice')
  })

  it('R3.5 `make ws` joins, says, and shows what came back', async () => {
    const { status, output } = await run(
      ['ws'],
      ['/join room:shell', '/say room:shell hello from the shell', '/quit'],
    )
    expect(status).toBe(0)
    expect(output).toContain('hello from the shell')
    expect(output).toMatch(/1000/)
  })

  it('R3.11 every command explains itself with --help', async () => {
    for (const command of ['up', 'down', 'status', 'logs', 'doctor', 'token', 'ws', 'clean']) {
      const { status, output } = await run([command, '--help'])
      expect([command, status]).toEqual([command, 0])
      expect(output).toContain(command)
    }
  })
})
