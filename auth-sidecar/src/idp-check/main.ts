// `make idp-check`: reads the variables, perhaps a token from standard input, and sallyport.yml; prints; exits.

import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { TrustedIssuer } from '@sallyport/contracts/policy'
import { defaultWays, parseSallyportFile } from '@sallyport/contracts/sallyport-file'
import { checkIssuer } from './check-issuer.ts'
import { parseOptions, usage } from './options.ts'

/** The issuer's entry; nothing when there is no file, or none that can be read. */
async function readConfigured(path: string, issuer: string): Promise<TrustedIssuer | undefined> {
  const file = await readFile(path, 'utf8').catch(() => undefined)
  if (file === undefined) return undefined
  const policy = parseSallyportFile(file, {
    publicOrigins: ['http://localhost:8080'],
    mode: 'development',
    defaults: { ways: defaultWays, allowMissingOrigin: false, perMinute: 10 },
  })
  if (policy.ok) return policy.value.issuers.find((each) => each.issuer === issuer)
  process.stderr.write(`${path} has faults (make check-config names them); going on without it\n`)
  return undefined
}

async function run(): Promise<number> {
  if (process.argv.includes('--help') || process.env['ISSUER'] === undefined) {
    process.stdout.write(usage)
    return process.argv.includes('--help') ? 0 : 2
  }
  const input = process.env['TOKEN'] === '-' ? await text(process.stdin) : undefined
  const options = parseOptions(process.env, input)
  if (!options.ok) {
    process.stderr.write(`${options.error.join('\n')}\n\n${usage}`)
    return 2
  }
  const path = process.env['SALLYPORT_POLICY_FILE'] || 'sallyport.yml'
  const configured = await readConfigured(path, options.value.issuer)
  const { isGood, lines } = await checkIssuer(options.value, { fetch, configured, now: Date.now })
  process.stdout.write(`${lines.join('\n')}\n`)
  return isGood ? 0 : 1
}

process.exitCode = await run()
