// One member out of a YAML file as text, so that Traefik's templates in it stay as they are. Pure.

/** The lines of the member `name` and of all below it, indented by four; undefined when there is no such member. */
export function blockOf(text: string, name: string): string | undefined {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.trim() === `${name}:`)
  const first = lines[start]
  if (first === undefined) return undefined
  const depth = first.indexOf(name)
  const length = lines
    .slice(start + 1)
    .findIndex((line) => line.trim() !== '' && line.length - line.trimStart().length <= depth)
  const block = lines.slice(start, length < 0 ? undefined : start + 1 + length)
  return block.map((line) => `    ${line.slice(depth)}`.trimEnd()).join('\n')
}
