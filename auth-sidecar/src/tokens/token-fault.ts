// Why a token is refused: for logs, metrics and `make idp-check`. Callers outside are told one thing for all of them.

export const tokenFaults = {
  'token-form':
    'It is not a compact token in its one strict spelling, or its payload is not one strict JSON object.',
  'token-header':
    'Its header has other members than alg, kid and typ, or one of them is not what the issuer uses.',
  'token-issuer': 'Its iss names nobody whose tokens are accepted here for this use.',
  'token-key': 'Its issuer has no usable key of that kid for that alg.',
  'token-refused': 'Its signature was not made with that key.',
  'token-expired': 'Its exp has passed.',
  'token-early': 'Its nbf or iat lies in the future, by more than clocks may differ.',
  'token-audience': 'It was issued for somebody else.',
  'token-claims':
    'A claim is missing, ill-formed or out of bounds; a life that is too long counts among them.',
} as const

/** A constant of ours, never input. */
export type TokenFault = keyof typeof tokenFaults
