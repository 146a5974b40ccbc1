// Shows how far `go build -v` is: a bar on a terminal, a plain line now and then elsewhere.

import type { Output } from '../context.ts'

/** How many packages a build from nothing prints; only the bar's scale hangs on it. */
const expectedPackages = 2400
const barWidth = 30
const plainStep = 10
const plainDownloads = 100

/** Builds a progress display that is fed the build's lines; `now` counts milliseconds. */
export function createBuildProgress(output: Output, now: () => number) {
  const startedMs = now()
  let downloads = 0
  let packages = 0
  let saidPercent = 0

  function show(): void {
    // Never 100 before the end: the linker's turn prints nothing.
    const elapsed = `${Math.round((now() - startedMs) / 1000)} s`
    const percent = Math.min(99, Math.floor((packages / expectedPackages) * 100))
    if (output.isTerminal) {
      const filled = Math.round((percent / 100) * barWidth)
      const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`
      output.rewrite(
        `  ${bar} ${percent} %  ${downloads} downloads, ${packages} packages, ${elapsed}`,
      )
    } else if (packages > 0 && percent >= saidPercent + plainStep) {
      saidPercent = percent - (percent % plainStep)
      output.line(`  ${saidPercent} % (${packages} packages compiled, ${elapsed})`)
    } else if (packages === 0 && downloads % plainDownloads === 0) {
      output.line(`  ${downloads} modules downloaded, ${elapsed}`)
    }
  }

  return {
    next: (line: string) => {
      if (line.startsWith('go: downloading ')) downloads += 1
      else if (/^[\w./~-]+$/.test(line)) packages += 1
      else return
      show()
    },
    close: () => {
      if (output.isTerminal) output.rewrite('')
    },
  }
}
