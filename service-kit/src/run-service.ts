// The life of a process: settings or a clear refusal, start, wait for a signal, close in reverse.

import type { Result } from '@sallyport/contracts/result'
import type { Log } from './log.ts'

/** Something that was started and can be stopped. */
export type Running = { readonly close: () => Promise<void> }

export type Service<Settings> = {
  readonly name: string
  readonly settings: Result<Settings, readonly string[]>
  readonly arguments: readonly string[]
  readonly start: (settings: Settings) => Promise<{ log: Log; running: Running }>
}

/** A service that has not closed by then is ended as it is; a second signal ends it at once. */
const closeDeadlineMs = 15_000

/**
 * Runs a service until SIGTERM or SIGINT. Ill-set settings end the process with status 2 and every fault on
 * standard error; `--check-config` only checks. The exit after `close` is explicit: nothing may linger.
 */
export async function runService<Settings>(service: Service<Settings>): Promise<void> {
  const { settings } = service
  if (!settings.ok) {
    process.stderr.write(
      `${service.name}: ${settings.error.length} settings at fault\n${settings.error.map((fault) => `  ${fault}\n`).join('')}`,
    )
    process.exit(2)
  }
  if (service.arguments.includes('--check-config')) {
    process.stdout.write(`${service.name}: settings are complete\n`)
    return
  }
  const { log, running } = await service.start(settings.value).catch((error: unknown) => {
    process.stderr.write(`${service.name}: could not start: ${messageOf(error)}\n`)
    return process.exit(1)
  })
  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal }, 'stopping')
    setTimeout(() => {
      log.error('closing took too long')
      process.exit(1)
    }, closeDeadlineMs).unref()
    try {
      await running.close()
    } catch (error) {
      log.error({ err: error }, 'closing failed')
      process.exit(1)
    }
    log.info('stopped')
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
