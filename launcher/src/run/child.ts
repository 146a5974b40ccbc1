// One child process: its lines, its end, its stop. Knows nothing of what the child does.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

const keptLines = 15

export type ChildSpec = {
  readonly name: string
  readonly command: string
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
  /** Of what does not write JSON lines. */
  readonly toLogLine?: (line: string) => string
  /** Of what counts as ready although it must not be used: what one of its lines then means, for people. */
  readonly faultOf?: (line: string) => string | undefined
  /** Asked again and again until it is true; a rejection counts as false. */
  readonly isReady: () => Promise<boolean>
  /** Asked once it is ready, for as long as it lives; a child that is silent too long is killed and started again. */
  readonly isAlive?: (withinMs: number) => Promise<boolean>
  /** Whether it is started again when it ends by itself, once it was ready; else that ends the run. */
  readonly isRevived?: boolean
}

export type Child = {
  readonly name: string
  /** Undefined when the command could not be started at all. */
  readonly pid: number | undefined
  /** How it ended, in words: `exited with code 2`. Never rejects. */
  readonly ended: Promise<string>
  readonly lastLines: () => readonly string[]
  /** What the first line meant that had a fault, see `faultOf`. */
  readonly fault: () => string | undefined
  /** SIGKILL: also ends a process that is stopped or turns in circles. */
  readonly kill: () => Promise<void>
  /** SIGTERM, then SIGKILL after the grace. */
  readonly stop: (graceMs: number) => Promise<void>
}

/** Starts a child in a process group of its own, so that Ctrl-C reaches only the launcher. */
export function startChild(spec: ChildSpec, onLine: (line: string) => void): Child {
  const lines: string[] = []
  let fault: string | undefined
  const keep = (said: string) => {
    fault ??= spec.faultOf?.(said)
    const line = spec.toLogLine?.(said) ?? said
    lines.push(line)
    if (lines.length > keptLines) lines.shift()
    onLine(line)
  }
  const child = spawn(spec.command, [...spec.arguments], {
    cwd: spec.directory,
    env: { ...spec.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  readLines(child.stdout, keep)
  readLines(child.stderr, keep)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve(`could not be started (${error.code ?? error.name})`)
    })
    // `close` comes after the last line has been read, `exit` may come before it.
    child.once('close', (code, signal) => {
      resolve(signal ? `was ended by ${signal}` : `exited with code ${code}`)
    })
  })
  return {
    name: spec.name,
    pid: child.pid,
    ended,
    lastLines: () => [...lines],
    fault: () => fault,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    stop: async (graceMs) => {
      const grace = new AbortController()
      child.kill('SIGTERM')
      const timer = wait(graceMs, undefined, { signal: grace.signal, ref: false })
      const killLate = timer.then(() => void child.kill('SIGKILL')).catch(() => {})
      await ended
      grace.abort()
      await killLate
    },
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream }).on('line', onLine)
}
