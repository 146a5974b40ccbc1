// The text of a close frame. RFC 6455 5.5: a control frame holds 125 bytes, two of which are the code.

/** The most UTF-8 bytes a close reason may have. */
export const maxCloseReasonBytes = 123

/** Cuts a reason to what a close frame can carry, in bytes, never through a character. */
export function closeReason(text: string): string {
  const encoded = new TextEncoder().encode(text)
  if (encoded.length <= maxCloseReasonBytes) return text
  let end = maxCloseReasonBytes
  // A UTF-8 continuation byte is 10xxxxxx: step back to the start of the character that was cut.
  while (((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return new TextDecoder().decode(encoded.subarray(0, end))
}
