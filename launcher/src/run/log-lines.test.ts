// How log lines look to a person.

import { describe, expect, it } from 'vitest'
import { createLineFormatter, timeOf } from './log-lines.ts'

const format = createLineFormatter(false)

describe('createLineFormatter', () => {
  it('R3.5 shows time, level, service, message and what else the line says', () => {
    const line =
      '{"level":"info","time":"2030-01-01T12:03:04","service":"x","msg":"hello","port":1,"ways":["a"]}'
    expect(format('ws-backend', line)).toBe(
      '12:03:04 info  ws-backend      hello port=1 ways=["a"]',
    )
  })

  it('shows a line that is no JSON as it is', () => {
    expect(format('traefik', 'plain {text}')).toBe('traefik         plain {text}')
  })

  it('lets no control sequence of a log line reach the terminal', () => {
    const hostile = JSON.stringify({
      level: 'warn',
      msg: '\u001b[2Jgone\r\nnext',
      agent: '\u009b31m\u202e',
    })
    expect(format('frontend', hostile)).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(format('frontend', '\u001b[31mred\u001b[0m')).toBe('frontend        red')
  })

  it('colours only where colours are wanted', () => {
    const line = '{"level":"error","msg":"x"}'
    expect(format('frontend', line)).not.toContain('\u001b')
    expect(createLineFormatter(true)('frontend', line)).toContain('\u001b[31m')
  })

  it('reads the time of both kinds of lines', () => {
    expect(timeOf('{"time":"1970-01-01T00:00:01.000Z"}')).toBe(1000)
    expect(timeOf('{"time":2000}')).toBe(2000)
    expect(timeOf('no time')).toBeUndefined()
  })
})
