// The outer form of every message: one JSON object per text frame, `{type, id?, data?}`.
// Guards are written by hand because the browser client carries them.

import { err, ok, type Result } from '../result.ts'

/** A parsed frame whose `type` has not been looked at yet. */
export type Envelope = {
  readonly type: string
  readonly id?: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** How deeply a message may nest; deeper ones are refused before they are parsed. */
export const maxMessageDepth = 32

/** Why a frame is no message. */
export type EnvelopeFault = 'not-json' | 'too-deep' | 'not-an-envelope'

/** Parses a text frame. Size is the transport's to bound, depth is bounded here. */
export function parseEnvelope(text: string): Result<Envelope, EnvelopeFault> {
  if (isDeeperThan(text, maxMessageDepth)) return err('too-deep')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return err('not-json')
  }
  return isEnvelope(value) ? ok(value) : err('not-an-envelope')
}

function isEnvelope(value: unknown): value is Envelope {
  if (!isObject(value)) return false
  if (typeof value['type'] !== 'string' || value['type'].length > 64) return false
  const id = value['id']
  if (id !== undefined && (typeof id !== 'string' || id.length > 64)) return false
  return value['data'] === undefined || isObject(value['data'])
}

/** True for a JSON object (neither null nor an array). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0
  let inString = false
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index)
    if (inString) {
      if (character === 92) index += 1
      else if (character === 34) inString = false
    } else if (character === 34) inString = true
    else if (character === 123 || character === 91) {
      depth += 1
      if (depth > limit) return true
    } else if (character === 125 || character === 93) depth -= 1
  }
  return false
}
