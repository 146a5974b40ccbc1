// R1.6: memory unless chosen otherwise, and nothing that is no token ever comes out.

import { describe, expect, it } from 'vitest'
import { createSignedInMarker } from './signed-in-marker.ts'
import { createLocalTokenStorage, createMemoryTokenStorage } from './token-storage.ts'

function fakeStorage(entries: Record<string, string> = {}) {
  const map = new Map(Object.entries(entries))
  return {
    map,
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  }
}

describe('token storage', () => {
  it.each([
    ['memory', () => createMemoryTokenStorage()],
    ['localStorage', () => createLocalTokenStorage(fakeStorage())],
  ])('R1.6 keeps a token in %s until it is cleared', (_name, create) => {
    const storage = create()
    expect(storage.read()).toBeUndefined()
    storage.write('a.b.c')
    expect(storage.read()).toBe('a.b.c')
    storage.clear()
    expect(storage.read()).toBeUndefined()
  })

  it('R1.6 uses the key that was chosen', () => {
    const backing = fakeStorage()
    createLocalTokenStorage(backing, 'my-app').write('a.b.c')
    expect([...backing.map]).toEqual([['my-app', 'a.b.c']])
  })

  it.each([
    '',
    '   ',
    'token_placeholder',
    'null',
    'undefined',
    'a b',
  ])('R2.1 takes %j for no token', (text) => {
    expect(createLocalTokenStorage(fakeStorage({ sallyport_token: text })).read()).toBeUndefined()
  })

  it('falls back to memory where the browser forbids storage', () => {
    const forbidden = () => {
      throw new DOMException('forbidden', 'SecurityError')
    }
    const storage = createLocalTokenStorage({
      getItem: forbidden,
      setItem: forbidden,
      removeItem: forbidden,
    })
    storage.write('a.b.c')
    expect(storage.read()).toBe('a.b.c')
    storage.clear()
    expect(storage.read()).toBeUndefined()
  })
})

describe('signed-in marker', () => {
  it.each([
    ['sallyport_signed_in=1', true],
    ['other=1; __Host-sallyport_signed_in=1', true],
    ['sallyport_signed_in=', false],
    ['not_sallyport_signed_in=1; x=sallyport_signed_in', false],
    ['', false],
  ])('R4.6 reads %j as %s', (cookie, expected) => {
    expect(createSignedInMarker({ cookie }).isPresent()).toBe(expected)
  })
})
