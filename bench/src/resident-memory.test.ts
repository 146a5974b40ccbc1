import { describe, expect, it } from 'vitest'
import { parseResidentMegabytes } from './resident-memory.ts'

describe('resident memory', () => {
  it('is what the kernel says in kB, in megabytes', () => {
    const status = 'Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nThreads:\t11\n'
    expect(parseResidentMegabytes(status)).toBe(100)
  })

  it('refuses a text without it', () => {
    expect(() => parseResidentMegabytes('Name:\tkthreadd\n')).toThrow('no resident size')
  })
})
