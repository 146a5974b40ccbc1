// A line of redis-server → the JSON line that `logs` reads, so that it has a time and a level among the services'; and
// what a line says of the data it starts with. Pure.

/** `4242:M 21 Nov 2025 07:15:00.123 * Ready`: process and role, time, level, what is said. */
const lineForm = /^\d+:[A-Z] \d\d? \w{3} \d{4} [\d:.]+ ([.\-*#]) (.*)$/

const levels: Readonly<Record<string, string>> = {
  '.': 'debug',
  '-': 'debug',
  '*': 'info',
  '#': 'warn',
}

/** Its own time is in a zone that it does not name: the moment of reading stands in its place. */
export function toJsonLine(line: string, nowMs: number): string {
  const [, sign = '*', said = line] = lineForm.exec(line) ?? []
  const time = new Date(nowMs).toISOString()
  return JSON.stringify({ level: levels[sign] ?? 'info', time, msg: said.trim() })
}

/**
 * True for what it says of a command that it could not read back. It goes on without it and counts itself as ready, and
 * nobody can ask it afterwards: there is only this line.
 */
export function saysDataAreLost(line: string): boolean {
  return line.includes('== CRITICAL ==')
}
