// Whether the page was opened on the machine it comes from. Says nothing about the server's mode.

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** True for a location's `hostname` that only this machine answers to. */
export function isLoopbackName(hostname: string): boolean {
  return loopbackNames.has(hostname)
}
