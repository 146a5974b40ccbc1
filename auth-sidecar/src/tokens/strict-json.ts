// JSON from strangers, before anybody relies on it: no name twice in an object, bounded depth and number of members.
// Walks the text once without recursion; whether it is JSON at all is left to `JSON.parse`.

export type JsonBounds = {
  /** How many objects and arrays may be open at once. */
  readonly maxDepth: number
  /** How many members all objects may have together. */
  readonly maxMembers: number
}

/** A byte order mark is left in the text, where it is no JSON. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** The value, as `JSON.parse` reads it; undefined when the text is refused (no JSON text means undefined). */
export function parseStrictJson(text: string, bounds: JsonBounds): unknown {
  try {
    return isStrict(text, bounds) ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

/** The same of bytes, which must be well-formed UTF-8 without a mark in front. */
export function parseStrictJsonBytes(bytes: Uint8Array, bounds: JsonBounds): unknown {
  try {
    return parseStrictJson(utf8.decode(bytes), bounds)
  } catch {
    return undefined
  }
}

/** A text that is no JSON may pass here, but none that is JSON and breaks a rule. Throws on some that are no JSON. */
function isStrict(text: string, { maxDepth, maxMembers }: JsonBounds): boolean {
  /** One entry for each open bracket: the names seen in an object, undefined for an array. */
  const open: (Set<string> | undefined)[] = []
  let nameIsNext = false
  let members = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = endOfString(text, at)
        if (nameIsNext) {
          const name = memberName(text.slice(at, end + 1))
          const seen = open.at(-1)
          members++
          if (seen === undefined || seen.has(name) || members > maxMembers) return false
          seen.add(name)
          nameIsNext = false
        }
        at = end
        break
      }
      case openBrace:
      case openBracket:
        nameIsNext = text.charCodeAt(at) === openBrace
        open.push(nameIsNext ? new Set() : undefined)
        if (open.length > maxDepth) return false
        break
      case closeBrace:
      case closeBracket:
        open.pop()
        nameIsNext = false
        break
      case comma:
        nameIsNext = open.at(-1) !== undefined
        break
    }
  }
  return true
}

/** Where the string that begins at `start` ends: the first quote that no backslash stands before. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]
    if (character === '"') return at
    if (character === '\\') at++
  }
  return text.length
}

/** The name a literal spells; `"\u0065xp"` and `"exp"` are one name. */
function memberName(literal: string): string {
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
}
