// How long a process keeps whoever asks waiting: its `/healthz` is asked every few milliseconds from outside. What the
// answers take is at least as long as its event loop stood still, and longer where the machine had no core left.

import { Agent, request } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { type CoreTime, readCoreTime } from '../core-time.ts'

/** Who is asked. */
export type Probed = { readonly management: string; readonly pid: number }

/** How long an answer took, and what the main thread of who was asked did meanwhile; all in milliseconds. */
export type Answer = CoreTime & { readonly tookMs: number }

export type AnswerTimes = {
  /** Over all that were asked. */
  readonly longest: Answer
  /** The most that the main thread of who was asked ran during one answer: no waiting for a core in it. */
  readonly mostRanMs: number
  readonly asked: number
  /** How long whoever asked stood still itself, at most: part of what it measured. */
  readonly ownLongestMs: number
}

const everyMs = 5

/** Asks all of them until `work` is done; rejects when one does not answer, or the work fails. */
export async function probeWhile<Done>(
  probed: readonly Probed[],
  work: () => Promise<Done>,
): Promise<{ readonly done: Done; readonly times: AnswerTimes }> {
  const stopped = new AbortController()
  const own = monitorEventLoopDelay({ resolution: 1 })
  own.enable()
  const asking = probed.map((each) => askUntil(each, stopped.signal))
  // If the work fails first, what else failed must not go unheard as well.
  for (const each of asking) each.catch(() => {})
  const done = await work().finally(() => stopped.abort())
  const answers = (await Promise.all(asking)).flat()
  own.disable()
  return {
    done,
    times: {
      longest: longestOf(answers),
      mostRanMs: Math.max(...answers.map(({ ranMs }) => ranMs)),
      asked: answers.length,
      ownLongestMs: own.max / 1e6,
    },
  }
}

function longestOf(answers: readonly Answer[]): Answer {
  return answers.reduce((longest, each) => (each.tookMs > longest.tookMs ? each : longest))
}

async function askUntil({ management, pid }: Probed, stopped: AbortSignal): Promise<Answer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const answers: Answer[] = []
  do {
    const before = readCoreTime(pid)
    const askedAtMs = performance.now()
    await askOnce(`${management}/healthz`, agent)
    const tookMs = performance.now() - askedAtMs
    const after = readCoreTime(pid)
    answers.push({
      tookMs,
      ranMs: after.ranMs - before.ranMs,
      waitedMs: after.waitedMs - before.waitedMs,
    })
    await pause(Math.max(0, everyMs - tookMs))
  } while (!stopped.aborted)
  agent.destroy()
  return answers
}

function askOnce(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const question = request(url, { agent }, (answer) => {
      answer.on('end', resolve).resume()
    })
    question.on('error', reject)
    question.end()
  })
}
