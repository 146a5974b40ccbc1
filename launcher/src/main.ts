// Entry of the launcher: which command, with what. The only place that reads the process's environment,
// arguments and signals; every command gets a Context instead.

import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isatty } from 'node:tty'
import { parseArgs } from 'node:util'
import pc from 'picocolors'
import { type Command, commands } from './commands.ts'
import { type Context, exitCodes, type Output } from './context.ts'
import { findSettingsFaults } from './settings-faults.ts'
import { statePaths } from './state-folder.ts'
import { mergeUserSettings } from './user-settings.ts'

const root = resolve(import.meta.dirname, '..', '..')

function createContext(): Context {
  const envFile = join(root, '.env')
  const text = existsSync(envFile) ? readFileSync(envFile, 'utf8') : undefined
  const settings = mergeUserSettings(process.env, text)
  const settingsFaults = findSettingsFaults(process.env, text)
  const state = statePaths(resolve(root, settings['SALLYPORT_STATE'] ?? '.sallyport'))
  const onStopRequest = (callback: () => void) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, callback)
  }
  return { root, state, settings, settingsFaults, output: createOutput(), onStopRequest }
}

function createOutput(): Output {
  const isTerminal = isatty(process.stdout.fd)
  // A reader that went away (`make logs | head`) is no fault of ours.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {})
  }
  return {
    line: (text = '') => void process.stdout.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
    warn: (text) => void process.stderr.write(`warning: ${text}\n`),
    rewrite: (text) => void process.stdout.write(`\r\u001b[K${text}`),
    isTerminal,
    colors: isTerminal && pc.isColorSupported,
  }
}

function help(): string {
  const shown = Object.entries(commands).filter(([, { isHidden }]) => isHidden !== true)
  const rows = shown.map(([, { usage, summary }]) => `  ${usage.padEnd(26)} ${summary}`)
  return ['usage: node launcher/src/main.ts <command> [--help]', '', ...rows].join('\n')
}

function usageOf({ usage, summary, details }: Command): string {
  const lines = [`usage: node launcher/src/main.ts ${usage}`, '', summary]
  return [...lines, ...(details ? ['', ...details] : [])].join('\n')
}

async function main(): Promise<number> {
  const [name, ...words] = process.argv.slice(2)
  const command = Object.hasOwn(commands, name ?? '') ? commands[name ?? ''] : undefined
  const { output, ...rest } = createContext()
  if (!command) {
    const isHelp = name === '--help' || name === '-h' || name === 'help'
    if (isHelp) output.line(help())
    else output.error(name === undefined ? help() : `no command ${name}\n${help()}`)
    return isHelp ? exitCodes.ok : exitCodes.usage
  }
  const usage = usageOf(command)
  try {
    const help = { type: 'boolean', short: 'h' } as const
    const options = { ...command.options, help }
    const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true })
    if (values.help === true) {
      output.line(usage)
      return exitCodes.ok
    }
    const run = await command.load()
    if (command.judgesSettings !== true) {
      for (const fault of rest.settingsFaults) output.error(fault)
      if (command.needsGoodSettings && rest.settingsFaults.length > 0) return exitCodes.usage
    }
    return await run({ output, ...rest }, { flags: values, positionals })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!code?.startsWith('ERR_PARSE_ARGS')) throw error
    output.error(`${(error as Error).message}\n${usage}`)
    return exitCodes.usage
  }
}

process.exit(await main())
