import { expect, it } from 'vitest'
import { createReturn, returnPathOf } from './return-after-login.ts'

function createWorld(search: string) {
  const stored = new Map<string, string>()
  const gone: string[] = []
  let nowMs = 1_000_000
  const open = () =>
    createReturn({
      search,
      memory: {
        getItem: (key) => stored.get(key) ?? null,
        setItem: (key, value) => void stored.set(key, value),
      },
      go: (path) => void gone.push(path),
      now: () => nowMs,
    })
  return { open, gone, advanceMs: (byMs: number) => void (nowMs += byMs) }
}

it('RX.13 goes back once somebody is signed in, and once only', () => {
  const { open, gone } = createWorld('?return=%2Fapp%2Fpage%3Fx%3D1')
  const tell = open()
  tell('loading')
  tell('anonymous')
  expect(gone).toEqual([])
  tell('authenticated')
  tell('authenticated')
  expect(gone).toEqual(['/app/page?x=1'])
})

it('RX.13 does not go round in circles with a page that does not take the session', () => {
  const { open, gone, advanceMs } = createWorld('?return=/app')
  open()('authenticated')
  advanceMs(1000)
  open()('authenticated')
  expect(gone).toEqual(['/app'])
  advanceMs(60_000)
  open()('authenticated')
  expect(gone).toEqual(['/app', '/app'])
})

it.each([
  '',
  '?return=',
  '?return=/',
  '?return=//evil.example',
  '?return=%2F%2Fevil.example',
  '?return=/%5Cevil.example',
  '?return=/%09/evil.example',
  '?return=/%0A/evil.example',
  '?return=https://evil.example/app',
  '?return=https:evil.example',
  '?return=javascript:alert(1)',
  '?return=%20//evil.example',
  '?return=/.//evil.example',
  '?return=evil.example',
  '?return=/app&return=//evil.example',
  '?return=/app&return=/app',
  '?Return=/app',
])('RX.13 follows no link made of %j', (search) => {
  expect(returnPathOf(search)).toBeUndefined()
  const { open, gone } = createWorld(search)
  open()('authenticated')
  expect(gone).toEqual([])
})
