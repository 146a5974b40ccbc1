// What `make idp-check` is asked: variables in, one question or all faults out. It reads nothing itself.

import { err, ok, type Result } from '@sallyport/contracts/result'
import { maxTokenLength } from '@sallyport/contracts/token-bounds'

export type IdpCheckOptions = {
  readonly issuer: string
  /** Asked instead of the address that the issuer names itself. */
  readonly keySetUrl: string | undefined
  /** Never printed. */
  readonly token: string | undefined
  readonly audience: string | undefined
}

export const usage = `usage: make idp-check ISSUER=<url> [AUDIENCE=<name>] [KEYS=<url>] [TOKEN=-]

Looks at an identity provider the way the gate will: finds its key set, says which keys can be used and what to write
into sallyport.yml. With a token it says which checks the token passes. Settings of an issuer that sallyport.yml
already names are taken from there.

  ISSUER    exactly what stands in the tokens' iss
  AUDIENCE  what the tokens must be issued for
  KEYS      address of the key set, for an issuer that publishes no discovery document
  TOKEN     a token, or - to read it from standard input. Safer than on the command line, where it stays in the
            shell's history:  read -rs TOKEN; export TOKEN; make idp-check ISSUER=…

exit status  0 usable (and the token would be accepted), 1 not, 2 asked wrongly (make turns 1 into 2)
`

const issuerForm = /^https?:\/\/[^\s?#@]+$/

/** Reads the variables; `input` is standard input's text if it was asked for. */
export function parseOptions(
  variables: Readonly<Record<string, string | undefined>>,
  input: string | undefined,
): Result<IdpCheckOptions, readonly string[]> {
  const faults: string[] = []
  const given = (name: string): string | undefined => variables[name]?.trim() || undefined
  const [issuer, keySetUrl] = [given('ISSUER'), given('KEYS')]
  if (issuer === undefined) faults.push('ISSUER: must be set')
  for (const [name, url] of [['ISSUER', issuer] as const, ['KEYS', keySetUrl] as const]) {
    if (url !== undefined && !(issuerForm.test(url) && URL.canParse(url))) {
      faults.push(`${name}: must be an http or https URL without query`)
    }
  }
  const token = given('TOKEN') === '-' ? input?.trim() : given('TOKEN')
  if (token === '') faults.push('TOKEN: standard input was empty')
  if (token !== undefined && token.length > maxTokenLength) {
    faults.push(`TOKEN: is longer than any token may be (${maxTokenLength} characters)`)
  }
  if (faults.length > 0 || issuer === undefined) return err(faults)
  return ok({ issuer, keySetUrl, token, audience: given('AUDIENCE') })
}
