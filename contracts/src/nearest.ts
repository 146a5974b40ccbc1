// `did you mean`: the known word that is a slip or two away. Pure.

/** `, did you mean …?` for what is at most two slips away, or a quarter of a long word; else nothing. */
export function nearest(given: string, known: readonly string[]): string {
  const word = nearestWord(given, known)
  return word === undefined ? '' : `, did you mean ${word}?`
}

/** That word itself; undefined when none is near. */
export function nearestWord(given: string, known: readonly string[]): string | undefined {
  if (given.length > 64) return undefined
  const ranked = known
    .map((text) => ({ text, slips: slipsBetween(given.toLowerCase(), text.toLowerCase()) }))
    .sort((a, b) => a.slips - b.slips)
  const [best] = ranked
  return best && best.slips <= Math.max(2, best.text.length / 4) ? best.text : undefined
}

/** Levenshtein's distance. */
function slipsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
