import { describe, expect, it } from 'vitest'
import { blockOf } from './yaml-block.ts'

const file = `http:
  middlewares:
    first:
      chain: {}

    second:
      forwardAuth:
        address: '{{ env "URL" }}/verify'
  routers:
    third:
      rule: Path(\`/\`)
`

describe('a block of a YAML file', () => {
  it.each([
    ['second', ['    second:', '      forwardAuth:', `        address: '{{ env "URL" }}/verify'`]],
    ['first', ['    first:', '      chain: {}', '']],
    ['third', ['    third:', '      rule: Path(`/`)', '']],
    ['chain', undefined],
  ])('%s is its line and all that is deeper', (name, lines) => {
    expect(blockOf(file, name)).toBe(lines?.join('\n'))
  })
})
