// `make test`: says what will run, installs what is missing where it may, runs everything, ends with one line of counts.
// SETUP=no forbids installing; CI=true forbids leaving anything out.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const suites = ['unit', 'architecture', 'integration', 'e2e'] as const
const usage = `Usage: make test [ONLY=unit,architecture,integration,e2e] [SETUP=no]\n`

type Report = {
  numTotalTests: number
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { name: string; status: string }[]
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, help: { type: 'boolean' } },
})
if (values.help) {
  process.stdout.write(usage)
  process.exit(0)
}
process.exit(run())

function run(): number {
  const asked = values.only ? values.only.split(',') : [...suites]
  const unknown = asked.filter((name) => !suites.some((suite) => suite === name))
  if (unknown.length > 0) {
    process.stderr.write(`no such suite: ${unknown.join(', ')}\n${usage}`)
    return 2
  }
  const left = asked.includes('e2e') && !haveChromium() ? ['e2e'] : []
  const chosen = asked.filter((name) => !left.includes(name))
  if (left.length > 0) {
    say(
      'browser tests are left out: no Chromium. Install it (Debian: apt-get install chromium) or set CHROMIUM.',
    )
    if (process.env['CI']) return 1
  }
  const { status, report } = runVitest(chosen)
  if (!report) {
    say('the test runner ended without a report')
    return 1
  }
  const forgotten = chosen.length === suites.length ? filesThatDidNotRun(report) : []
  for (const file of forgotten) say(`did not run: ${file}`)
  const suitesFailed = report.testResults.filter((file) => file.status === 'failed').length
  const skipped = report.numPendingTests + report.numTodoTests
  const failed = report.numFailedTests || (status === 0 ? 0 : Math.max(1, suitesFailed))
  say(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
  if (process.env['CI'] && skipped > 0) return 1
  return status === 0 && failed === 0 && forgotten.length === 0 ? 0 : 1
}

function runVitest(chosen: readonly string[]): { status: number; report: Report | undefined } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-report-'))
  const output = join(folder, 'report.json')
  const projects = chosen.flatMap((name) => ['--project', name])
  const { status } = spawnSync(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      ...projects,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${output}`,
    ],
    { cwd: root, stdio: 'inherit' },
  )
  const report = existsSync(output)
    ? (JSON.parse(readFileSync(output, 'utf8')) as Report)
    : undefined
  rmSync(folder, { recursive: true, force: true })
  return { status: status ?? 1, report }
}

/** Every test file in the tree must have run: a pattern that no longer matches must not pass silently. */
function filesThatDidNotRun(report: Report): string[] {
  const ran = new Set(report.testResults.map(({ name }) => relative(root, name)))
  const patterns = ['*.test.ts', '*.test.tsx']
  const { stdout } = spawnSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns],
    { cwd: root, encoding: 'utf8' },
  )
  return stdout.split('\n').filter((file) => file !== '' && !ran.has(file))
}

/** Finds Chromium, or installs Debian's after saying so, where that is possible and not forbidden. */
function haveChromium(): boolean {
  const found = () => existsSync(process.env['CHROMIUM'] ?? '/usr/bin/chromium')
  if (found()) return true
  const mayInstall = process.env['SETUP'] !== 'no' && process.getuid?.() === 0
  if (!mayInstall || spawnSync('apt-get', ['--version']).status !== 0) return false
  say('installing Debian package chromium for the browser tests (SETUP=no forbids it) …')
  const install = (args: string[]) =>
    spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  install(['update', '-qq'])
  install(['install', '-y', '-qq', '--no-install-recommends', 'chromium'])
  return found()
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
