// Tickets a handshake presents: beside `sallyport.v1` as `ticket.<ticket>`, or in the query where that is switched on.
// Whoever presents one has used it up, so all of them are told, not only the one that counts.

import { err, ok, type Result } from '@sallyport/contracts/result'

/** A ticket: 256 bits, base64url. Anything else cannot be one of ours. */
const ticketForm = /^[A-Za-z0-9_-]{43}$/

/** Several different tickets were presented. */
export type TicketFault = 'several-tickets'

/** Reads the ticket; `undefined` when none was presented, `''` when it cannot be one of ours. */
export function readTicket(presented: readonly string[]): Result<string | undefined, TicketFault> {
  const [ticket] = presented
  if (ticket === undefined) return ok(undefined)
  if (presented.some((other) => other !== ticket)) return err('several-tickets')
  return ok(isTicket(ticket) ? ticket : '')
}

/** True for a text that could be a ticket of ours. */
export function isTicket(text: string): boolean {
  return ticketForm.test(text)
}
