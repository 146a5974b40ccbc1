// sallyport.yml as a native run reads it: which file, with which defaults, and its faults for people. The sidecar is
// given the same file and the same settings, so both come to the same policy.

import { relative, resolve } from 'node:path'
import { type CredentialWay, credentialWays } from '@sallyport/contracts/identity'
import type { Policy } from '@sallyport/contracts/policy'
import { err, type Result } from '@sallyport/contracts/result'
import {
  defaultWays,
  formatPolicyFault,
  parseSallyportFile,
  type SallyportFileOptions,
} from '@sallyport/contracts/sallyport-file'
import { readIfThere } from '@sallyport/contracts/sallyport-file/watch-file'
import type { ChildEnvironment } from './environment.ts'

/** The file in force: what the sidecar is told. */
export function policyPath(root: string, sidecar: ChildEnvironment): string {
  return resolve(root, sidecar['SALLYPORT_POLICY_FILE'] ?? 'sallyport.yml')
}

/** Reads and judges the file; the error is one line a fault, `sallyport.yml:12:5: …`. */
export function readPolicyFile(
  root: string,
  sidecar: ChildEnvironment,
): Result<Policy, readonly string[]> {
  const path = policyPath(root, sidecar)
  const text = readIfThere(path)
  if (text === undefined) return err([`${shown(root, path)}: cannot be read`])
  return parsePolicyText(root, sidecar, text)
}

/** The same for a text that was read already. */
export function parsePolicyText(
  root: string,
  sidecar: ChildEnvironment,
  text: string,
): Result<Policy, readonly string[]> {
  const parsed = parseSallyportFile(text, policyOptions(sidecar))
  if (parsed.ok) return parsed
  const name = shown(root, policyPath(root, sidecar))
  return err(parsed.error.map((fault) => formatPolicyFault(name, fault)))
}

/** What the sidecar makes of its settings. */
function policyOptions(sidecar: ChildEnvironment): SallyportFileOptions {
  const given = list(sidecar['SIDECAR_CREDENTIAL_WAYS'])
  const ways = given.filter((way): way is CredentialWay =>
    (credentialWays as readonly string[]).includes(way),
  )
  return {
    publicOrigins: list(sidecar['SIDECAR_ALLOWED_ORIGINS']),
    mode: sidecar['SALLYPORT_MODE'] === 'development' ? 'development' : 'production',
    defaults: {
      ways: ways.length > 0 ? ways : defaultWays,
      allowMissingOrigin: sidecar['SIDECAR_ALLOW_MISSING_ORIGIN'] === 'true',
      perMinute: Number(sidecar['WS_RATE_LIMIT'] ?? 10),
    },
  }
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

/** Short where the file is in the repository. */
function shown(root: string, path: string): string {
  const name = relative(root, path)
  return name.startsWith('..') ? path : name
}
