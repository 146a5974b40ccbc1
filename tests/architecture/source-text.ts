// Source text as the rules need it: comments, templates, regular expressions and, on request, what strings say is
// blanked, so that a word in a sentence is never taken for code. Knows lexical form only, no grammar.

type Keep = 'strings' | 'quotes-only'

/** A slash after one of these begins a regular expression, after anything else it divides. */
const beforeExpression = /(?:^|[([{},;:=!&|?+\-*%<>~^]|\b(?:return|typeof|case|in|of|await))$/

/** The text with blanks for everything that is not code; nothing moves. `keep` decides about quoted strings. */
export function codeOf(text: string, keep: Keep): string {
  let code = ''
  let at = 0
  while (at < text.length) {
    const end = endOfPiece(text, at, code)
    const piece = text.slice(at, end)
    const isString = piece.length > 1 && /^['"]/.test(piece)
    if (piece.length === 1 || (isString && keep === 'strings')) code += piece
    else if (isString) code += piece[0] + blank(piece.slice(1, -1)) + piece[0]
    else code += blank(piece)
    at = end
  }
  return code
}

function blank(piece: string): string {
  return piece.replace(/[^\n]/g, ' ')
}

/** Where the piece that starts at `at` ends; a piece of one character is code. */
function endOfPiece(text: string, at: number, codeBefore: string): number {
  const two = text.slice(at, at + 2)
  if (two === '//') return endAfter(text, at, '\n', -1)
  if (two === '/*') return endAfter(text, at + 2, '*/')
  const one = two[0]
  if (one === "'" || one === '"') return endOfLiteral(text, at, one) ?? at + 1
  if (one === '`') return endOfTemplate(text, at)
  if (one === '/' && beforeExpression.test(codeBefore.trimEnd().slice(-8))) {
    return endOfLiteral(text, at, '/') ?? at + 1
  }
  return at + 1
}

function endAfter(text: string, from: number, mark: string, correction = 0): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found + mark.length + correction
}

/** The end of a literal on one line; undefined when it is none, an apostrophe in a page's text for instance. */
function endOfLiteral(text: string, at: number, quote: string): number | undefined {
  let isInClass = false
  for (let index = at + 1; index < text.length; index += 1) {
    const character = text[index]
    if (character === '\n') return undefined
    if (character === '\\') index += 1
    else if (quote === '/' && character === '[') isInClass = true
    else if (quote === '/' && character === ']') isInClass = false
    else if (character === quote && !isInClass) return index + 1
  }
  return undefined
}

/** The end of a template, what it embeds included: an import in there would be missed, and nobody writes one. */
function endOfTemplate(text: string, at: number): number {
  let depth = 0
  for (let index = at + 1; index < text.length; index += 1) {
    const character = text[index]
    if (character === '\\') index += 1
    else if (character === '$' && text[index + 1] === '{') {
      depth += 1
      index += 1
    } else if (character === '}' && depth > 0) depth -= 1
    else if (character === '`' && depth > 0) index = endOfTemplate(text, index) - 1
    else if (character === '`') return index + 1
  }
  return text.length
}
