// HTTP towards the running system, from an address of the test's choice.

import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { freshAddress } from './source-address.ts'
import type { Stack } from './stack.ts'

export type Answer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type RequestOptions = {
  readonly method?: string
  readonly headers?: Record<string, string | readonly string[]>
  readonly body?: string
  readonly from?: string
}

/** One request; resolves with the whole answer. */
export function request(url: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, from = freshAddress() } = options
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, {
      method,
      headers: headers as Record<string, string | string[]>,
      localAddress: from,
      family: 4,
      agent: false,
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      )
    })
    outgoing.end(body)
  })
}

export type Login = LoginAnswer & {
  /** `sessionId=…`, ready for a Cookie header. */
  readonly cookie: string
  readonly answer: Answer
}

/** The address Traefik answers on for tests: IPv4, so that the source address can be chosen. */
export function publicUrl(stack: Pick<Stack, 'endpoints'>, path: string): string {
  return new URL(path, stack.endpoints.public.replace('localhost', '127.0.0.1')).href
}

/** Signs a demo user in over HTTP. */
export async function login(
  stack: Pick<Stack, 'endpoints' | 'credentials'>,
  username = 'alice',
): Promise<Login> {
  const user = stack.credentials.users.find((candidate) => candidate.username === username)
  const answer = await request(publicUrl(stack, '/auth/login'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: stack.endpoints.public },
    body: JSON.stringify(user),
  })
  if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.body}`)
  const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  return { ...(JSON.parse(answer.body) as LoginAnswer), cookie, answer }
}

/** Signs out with the cookie, as the page does. */
export function logout(
  stack: Pick<Stack, 'endpoints'>,
  { cookie }: Pick<Login, 'cookie'>,
): Promise<Answer> {
  return request(publicUrl(stack, '/auth/logout'), {
    method: 'POST',
    headers: { cookie, origin: stack.endpoints.public },
  })
}

/** A counter or gauge of a service's metrics, summed over labels; 0 when it was never counted. */
export async function metric(managementUrl: string, name: string): Promise<number> {
  const { body } = await request(`${managementUrl}/metrics`, { from: '127.0.0.1' })
  return body
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
