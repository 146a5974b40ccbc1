// The form of `Sec-WebSocket-Key`: it binds an identity to one handshake, so gate and backend hold it equally strict.

/** 16 bytes in base64: the last character of 22 has two bits (RFC 6455 4.1). */
const keyForm = /^[A-Za-z0-9+/]{21}[AQgw]==$/

/** True for the one spelling of 16 bytes. */
export function isWebSocketKey(text: string): boolean {
  return keyForm.test(text)
}
