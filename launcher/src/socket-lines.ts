// The words of `make ws`: what a typed line sends, and how what the server says is shown. Pure.

import { isChannelName } from '@sallyport/contracts/channel'
import { type CloseCode, closeCodeOf, closeCodes } from '@sallyport/contracts/close-codes'
import { err, ok, type Result } from '@sallyport/contracts/result'

/** What a typed line asks for; `id` is the message's own, so that its answer is recognised. */
type TypedLine =
  | { readonly kind: 'send'; readonly text: string; readonly id: string | undefined }
  | { readonly kind: 'quit' }
  | { readonly kind: 'nothing' }

/** Help for the person at the prompt. */
export const typedLineHelp =
  '/join room:lobby   /say room:lobby text   /leave room:lobby   /quit   or raw JSON'

/** Reads a typed line; the error is a sentence for people. */
export function parseTypedLine(line: string, makeId: () => string): Result<TypedLine, string> {
  const text = line.trim()
  if (text === '') return ok({ kind: 'nothing' })
  if (!text.startsWith('/')) {
    const isJson = text.startsWith('{') || text.startsWith('[')
    return isJson ? ok({ kind: 'send', text, id: idOf(text) }) : err('nothing was sent: type /help')
  }
  const [command, channel, ...words] = text.split(/\s+/)
  const send = (type: string, data: object) => {
    const id = makeId()
    return ok({ kind: 'send', text: JSON.stringify({ type, id, data }), id } as const)
  }
  if (command === '/quit') return ok({ kind: 'quit' })
  const isKnown = command === '/join' || command === '/leave' || command === '/say'
  if (isKnown && channel && !isChannelName(channel)) {
    return err('nothing was sent: channels look like room:lobby')
  }
  if (command === '/join' && channel) return send('subscribe', { channel })
  if (command === '/leave' && channel) return send('unsubscribe', { channel })
  if (command === '/say' && channel && words.length > 0) {
    return send('publish', { channel, data: { text: words.join(' ') } })
  }
  return err(typedLineHelp)
}

/** The id in a JSON text, if it has one. */
export function idOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const hasId = typeof value === 'object' && value !== null && 'id' in value
    return hasId && typeof value.id === 'string' ? value.id : undefined
  } catch {
    return undefined
  }
}

/** One line for a message of the server; heartbeats show nothing. */
export function showMessage(text: string): string | undefined {
  let message: { type?: unknown; id?: unknown; data?: unknown }
  try {
    message = JSON.parse(text)
  } catch {
    return `← ${JSON.stringify(text)}`
  }
  if (message.type === 'hb') return undefined
  const id = typeof message.id !== 'string' ? '' : ` #${JSON.stringify(message.id).slice(1, -1)}`
  const data = message.data === undefined ? '' : ` ${JSON.stringify(message.data)}`
  // Quoted like JSON: nothing a peer says reaches the terminal as a control sequence.
  return `← ${JSON.stringify(message.type).slice(1, -1)}${id}${data}`
}

const reconnectWords: Readonly<Record<CloseCode['reconnect'], string>> = {
  never: 'do not reconnect',
  'with-backoff': 'reconnect with backoff',
  'with-new-token': 'reconnect once with a new token',
  'ask-first': 'ask over HTTP before reconnecting',
}

/** One line for the end of a socket: number, reason, and what the registry says about it. */
export function showClose(code: number, reason: string): string {
  const entry = closeCodeOf(code)
  const said = reason === '' ? entry.reason : JSON.stringify(reason).slice(1, -1)
  if (code === closeCodes.normal.code) return `closed ${code} ${said}`
  return `closed ${code} ${said} (${entry.category}: ${reconnectWords[entry.reconnect]})`
}

/** Lines for an upgrade that was refused: what the problem document says, and how long to wait. */
export function showRefusal(
  status: number,
  retryAfter: string | undefined,
  body: string,
): string[] {
  const problem = readProblem(body)
  const wait = waitOf(retryAfter)
  const said = problem === '' ? body.trim() : problem
  return [
    `the upgrade was refused (${status})${problem === '' ? '' : `: ${printable(problem)}`}`,
    ...(problem === '' && said !== '' ? [`  ${printable(said)}`] : []),
    ...(wait === '' ? [] : [`  ${wait}`]),
  ]
}

/** `code: detail` of a problem document; empty for any other text. */
export function readProblem(body: string): string {
  try {
    const problem: unknown = JSON.parse(body)
    if (typeof problem !== 'object' || problem === null) return ''
    const words = [
      'code' in problem ? problem.code : undefined,
      'detail' in problem ? problem.detail : undefined,
    ]
    return words.filter((word) => typeof word === 'string').join(': ')
  } catch {
    return ''
  }
}

/** `wait 42 s` for a Retry-After of 42; empty without one in seconds. */
export function waitOf(retryAfter: string | null | undefined): string {
  return retryAfter && /^\d{1,9}$/.test(retryAfter) ? `wait ${Number(retryAfter)} s` : ''
}

function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
