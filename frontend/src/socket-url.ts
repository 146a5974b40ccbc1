// Where the socket is: beside the page, whatever address the page was opened under.

/** `ws:` or `wss:` address of the gate on the page's own host. */
export function socketUrl({ protocol, host }: Pick<Location, 'protocol' | 'host'>): string {
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/ws`
}
