import { describe, expect, it } from 'vitest'
import { parseHttpResult } from './wrk.ts'

const good = `Running 4s test @ http://127.0.0.1:1/plain
  1 threads and 64 connections
  40311 requests in 4.01s, 4.61MB read
Requests/sec:  10052.37
Transfer/sec:      1.15MB
`

describe('what wrk prints', () => {
  it('gives the number of answers and their rate', () => {
    expect(parseHttpResult(good)).toEqual({ answered: 40311, perSecond: 10052.37 })
  })

  it.each([
    [`${good}  Non-2xx or 3xx responses: 12\n`, '12 answers were errors'],
    [`${good}  Socket errors: connect 0, read 3, write 0, timeout 0\n`, 'read 3'],
    ['', 'nothing was answered'],
  ])('is no result when answers were errors or missing', (printed, message) => {
    expect(() => parseHttpResult(printed)).toThrow(message)
  })
})
