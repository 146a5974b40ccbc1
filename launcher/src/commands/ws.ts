// `ws`: a WebSocket from the shell, through Traefik like a browser's, with a bearer token as subprotocol.

import { createInterface } from 'node:readline'
import { bearerEntryPrefix, protocolName } from '@sallyport/contracts/subprotocol'
import { type RawData, WebSocket } from 'ws'
import { type CommandInput, type Context, exitCodes, type Output } from '../context.ts'
import { signIn } from '../sign-in.ts'
import {
  idOf,
  parseTypedLine,
  showClose,
  showMessage,
  showRefusal,
  typedLineHelp,
} from '../socket-lines.ts'

/** How long piped input waits for the answers to what it sent. */
const answersMs = 2000
const normalClose = 1000

/** Talks over one socket until /quit, the end of the input, or the server's close. */
export async function ws(context: Context, input: CommandInput): Promise<number> {
  const signedIn = await signIn(context, input.positionals[0])
  if (!signedIn.ok) {
    context.output.error(signedIn.error)
    return exitCodes.failed
  }
  const { endpoints, token } = signedIn.value
  const address = new URL('/ws', endpoints.public)
  address.protocol = 'ws:'
  const socket = new WebSocket(address, [protocolName, `${bearerEntryPrefix}${token}`])
  return talk(socket, context)
}

function talk(socket: WebSocket, context: Context): Promise<number> {
  const { output } = context
  const waitingFor = new Set<string>()
  let isEnding = false
  const leave = () => socket.close(normalClose)
  const leaveWhenAnswered = () => {
    if (isEnding && waitingFor.size === 0) leave()
  }
  context.onStopRequest(leave)
  return new Promise((resolve) => {
    socket.once('unexpected-response', (_request, answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (text: string) => {
        body += text
      })
      answer.once('close', () => {
        const { statusCode = 0, headers } = answer
        const lines = showRefusal(statusCode, headers['retry-after'], body)
        for (const line of lines) output.error(line)
        resolve(exitCodes.failed)
      })
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      output.error(`the socket failed (${error.code ?? error.message})`)
      resolve(exitCodes.failed)
    })
    socket.once('close', (code, reason) => {
      output.line(showClose(code, reason.toString()))
      resolve(code === normalClose ? exitCodes.ok : exitCodes.failed)
    })
    socket.on('message', (data) => {
      const text = textOf(data)
      const shown = showMessage(text)
      if (shown !== undefined) output.line(shown)
      waitingFor.delete(idOf(text) ?? '')
      leaveWhenAnswered()
    })
    socket.once('open', () => {
      if (output.isTerminal) output.line(typedLineHelp)
      readTypedLines(socket, output, waitingFor, () => {
        isEnding = true
        leaveWhenAnswered()
        setTimeout(leave, answersMs).unref()
      })
    })
  })
}

function textOf(data: RawData): string {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)
  return bytes.toString('utf8')
}

function readTypedLines(
  socket: WebSocket,
  output: Output,
  waitingFor: Set<string>,
  onEnd: () => void,
): void {
  let messages = 0
  const makeId = () => {
    messages += 1
    return `${messages}`
  }
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const typed = parseTypedLine(line, makeId)
    if (!typed.ok) output.error(typed.error)
    else if (typed.value.kind === 'quit') lines.close()
    else if (typed.value.kind === 'send') {
      if (typed.value.id !== undefined) waitingFor.add(typed.value.id)
      socket.send(typed.value.text)
    }
  })
  lines.once('close', onEnd)
  socket.once('close', () => lines.close())
}
