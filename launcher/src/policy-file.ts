// sallyport.yml as a native run reads it: which file, with which defaults, and its faults for people. The sidecar is
// given the same file and the same settings, so both come to the same policy.

import { relative, resolve } from 'node:path'
import { type CredentialWay, credentialWays } from '@sallyport/contracts/identity'
import type { Policy } from '@sallyport/contracts/policy'
import { err, ok, type Result } from '@sallyport/contracts/result'
import {
  defaultWays,
  formatMissingFile,
  formatPolicyFault,
  parseSallyportFile,
  type SallyportFileOptions,
} from '@sallyport/contracts/sallyport-file'
import { policyOptionsOf } from '@sallyport/contracts/sallyport-file/policy-options'
import { readIfThere } from '@sallyport/contracts/sallyport-file/watch-file'
import type { ChildEnvironment } from './environment.ts'

/** The file in force: what the sidecar is told. */
export function policyPath(root: string, sidecar: ChildEnvironment): string {
  return resolve(root, sidecar['SALLYPORT_POLICY_FILE'] ?? 'sallyport.yml')
}

/** A policy and the text it was read from: who follows the file goes on from that one. */
export type ReadPolicy = { readonly policy: Policy; readonly text: string }

/** Reads and judges the file; the error is one line a fault, `sallyport.yml:12:5: …`. */
export function readPolicyFile(
  root: string,
  sidecar: ChildEnvironment,
): Result<ReadPolicy, readonly string[]> {
  const path = policyPath(root, sidecar)
  const text = readIfThere(path)
  if (text === undefined) return err([formatMissingFile(shown(root, path))])
  const policy = parsePolicyText(root, sidecar, text)
  return policy.ok ? ok({ policy: policy.value, text }) : policy
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

/** How the sidecar will read the file; a setting that it would refuse counts as unset here. */
export function policyOptions(sidecar: ChildEnvironment): SallyportFileOptions {
  const ways = list(sidecar['SIDECAR_CREDENTIAL_WAYS']).filter(isWay)
  return policyOptionsOf({
    SALLYPORT_MODE: sidecar['SALLYPORT_MODE'] === 'development' ? 'development' : 'production',
    SIDECAR_ALLOWED_ORIGINS: list(sidecar['SIDECAR_ALLOWED_ORIGINS']),
    SIDECAR_CREDENTIAL_WAYS: ways.length > 0 ? ways : defaultWays,
    SIDECAR_ALLOW_MISSING_ORIGIN: sidecar['SIDECAR_ALLOW_MISSING_ORIGIN'] === 'true',
    // An empty value counts as unset, here as there.
    WS_RATE_LIMIT: Number(sidecar['WS_RATE_LIMIT']) || 10,
  })
}

function isWay(text: string): text is CredentialWay {
  return (credentialWays as readonly string[]).includes(text)
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
