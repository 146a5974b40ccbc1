// What every command is given: where things are, what the user set, where to print.
// Made once in main.ts; nothing below reads the process's environment itself.

import type { StatePaths } from './state-folder.ts'

/** The user's settings: the process environment over an optional `.env`; empty values are left out. */
export type UserSettings = Readonly<Record<string, string>>

/** Where lines go. `isTerminal` decides between bars and plain lines, and whether secrets may be shown. */
export type Output = {
  readonly line: (text?: string) => void
  readonly error: (text: string) => void
  /** What went wrong and ends nothing. */
  readonly warn: (text: string) => void
  /** Rewrites the current line; used on a terminal only. */
  readonly rewrite: (text: string) => void
  readonly isTerminal: boolean
  readonly colors: boolean
}

export type Context = {
  readonly root: string
  readonly state: StatePaths
  readonly settings: UserSettings
  /** What is wrong with names and lines of the settings, for people; what starts something refuses to. */
  readonly settingsFaults: readonly string[]
  readonly output: Output
  /** Calls back on every request to stop (Ctrl-C, SIGTERM, the terminal closed). */
  readonly onStopRequest: (callback: () => void) => void
}

/** A command's parsed arguments. */
export type CommandInput = {
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
}

/** Exit codes scripts may rely on. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, notRunning: 3 } as const
