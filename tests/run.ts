// `make test`: says what will run, installs what is missing where it may, runs everything, ends with one line of counts.
// SETUP=no forbids installing; CI=true forbids leaving anything out.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const suites = ['unit', 'architecture', 'integration', 'replicas', 'e2e'] as const
/** The files of `tests/integration/live/` once more, on a system of another kind. */
const replicas = 'replicas'
const usage = `Usage: make test [ONLY=unit,architecture,integration,replicas,e2e] [SETUP=no]\n`
/** Tests of what is kept in Redis, by their name; and of systems that have one, by what they ask for. */
const redisFiles = {
  named: /(?:\.redis|\/redis-server)\.test\.ts$/,
  ofSystems: /^tests\/(?:integration|e2e)\//,
  asking: /STATE: 'redis'/,
}

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
  const withoutBrowser = asked.includes('e2e') && !haveChromium()
  const withBrowser = asked.filter((name) => name !== 'e2e' || !withoutBrowser)
  const files = testFiles().filter((file) => withBrowser.includes(suiteOf(file)))
  const needing = files.filter(needsRedis)
  const isRedisNeeded = needing.length > 0 || asked.includes(replicas)
  const isRedisMissing = isRedisNeeded && !haveRedis()
  const withoutRedis = isRedisMissing ? needing : []
  const chosen = withBrowser.filter((name) => name !== replicas || !isRedisMissing)
  if (withoutBrowser) {
    say(
      'browser tests are left out: no Chromium. Install it (Debian: apt-get install chromium) or set CHROMIUM.',
    )
  }
  if (isRedisMissing) {
    say(
      `${withoutRedis.length} test files and the suite ${replicas} are left out: no redis-server. Install it (Debian: apt-get install redis-server).`,
    )
  }
  if (process.env['CI'] && (withoutBrowser || isRedisMissing)) return 1
  const isRun = (file: string) => !withoutRedis.includes(file)
  const { status, report } = runVitest(chosen, withoutRedis.length > 0 ? files.filter(isRun) : [])
  if (!report) {
    say('the test runner ended without a report')
    return 1
  }
  // With all suites, also what belongs to none of them.
  const due = chosen.length === suites.length ? testFiles() : files
  const forgotten = filesThatDidNotRun(report, due.filter(isRun))
  for (const file of forgotten) say(`did not run: ${file}`)
  const suitesFailed = report.testResults.filter((file) => file.status === 'failed').length
  const skipped = report.numPendingTests + report.numTodoTests
  const failed = report.numFailedTests || (status === 0 ? 0 : Math.max(1, suitesFailed))
  say(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
  if (process.env['CI'] && skipped > 0) return 1
  return status === 0 && failed === 0 && forgotten.length === 0 ? 0 : 1
}

function runVitest(
  chosen: readonly string[],
  /** None: all that these suites have. */
  files: readonly string[],
): { status: number; report: Report | undefined } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-report-'))
  const output = join(folder, 'report.json')
  const projects = chosen.flatMap((name) => ['--project', name])
  const { status } = spawnSync(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      ...files,
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
function filesThatDidNotRun(report: Report, files: readonly string[]): string[] {
  const ran = new Set(report.testResults.map(({ name }) => relative(root, name)))
  return files.filter((file) => !ran.has(file))
}

function testFiles(): string[] {
  const patterns = ['*.test.ts', '*.test.tsx']
  const { stdout } = spawnSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns],
    { cwd: root, encoding: 'utf8' },
  )
  return stdout.split('\n').filter((file) => file !== '' && existsSync(join(root, file)))
}

/** By its folder below `tests`; everything else stands beside what it tests. */
function suiteOf(file: string): string {
  const [, folder = 'unit'] = /^tests\/([^/]+)\//.exec(file) ?? []
  return folder
}

function needsRedis(file: string): boolean {
  if (redisFiles.named.test(file)) return true
  const isOfSystem = redisFiles.ofSystems.test(file)
  return isOfSystem && redisFiles.asking.test(readFileSync(join(root, file), 'utf8'))
}

function haveChromium(): boolean {
  const isThere = () => existsSync(process.env['CHROMIUM'] ?? '/usr/bin/chromium')
  return isThere() || install('chromium', 'the browser tests', isThere)
}

function haveRedis(): boolean {
  const isThere = () => spawnSync('redis-server', ['--version']).status === 0
  return isThere() || install('redis-server', 'the tests of what is kept in Redis', isThere)
}

/** Installs a package of Debian after saying so, where that is possible and not forbidden. */
function install(name: string, use: string, isThere: () => boolean): boolean {
  const mayInstall = process.env['SETUP'] !== 'no' && process.getuid?.() === 0
  if (!mayInstall || spawnSync('apt-get', ['--version']).status !== 0) return false
  say(`installing Debian package ${name} for ${use} (SETUP=no forbids it) …`)
  const apt = (args: string[]) =>
    spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  apt(['update', '-qq'])
  apt(['install', '-y', '-qq', '--no-install-recommends', name])
  return isThere()
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
