// The sidecar's secret files followed while it runs: whoever uses a key asks for the one in force. The files were read
// and checked once before, by secret-files.ts; a fault stops only the start.

import { type AssertionKey, parseAssertionRing } from '@sallyport/contracts/identity-assertion'
import { followRing, type RingReport } from '@sallyport/service-kit/followed-ring'
import type { AdminToken } from './admin/admin-tokens.ts'
import { type AdminTokenRing, followAdminTokens } from './admin/followed-admin-tokens.ts'
import { createFollowedKeyRing, type FollowedKeyRing } from './tokens/followed-key-ring.ts'
import type { KeyRing } from './tokens/key-ring.ts'

export type FollowSecretsInput = {
  readonly tokenKeys: { readonly path: string; readonly initial: KeyRing }
  readonly assertionKeys: { readonly path: string; readonly initial: readonly AssertionKey[] }
  /** Without a file there are no admin tokens. */
  readonly adminTokens?: { readonly path: string; readonly initial: AdminTokenRing } | undefined
  readonly report: RingReport
  readonly now: () => number
}

export type FollowedSecrets = {
  readonly keyRing: Omit<FollowedKeyRing, 'close'>
  /** Newest first, as it is when it is read; another ring is another array. */
  readonly assertionKeys: readonly AssertionKey[]
  readonly adminTokens: () => readonly AdminToken[]
  readonly close: () => Promise<void>
}

/** Follows them all. Whoever copies the members of what it returns keeps the keys of that moment. */
export function followSecrets(input: FollowSecretsInput): FollowedSecrets {
  const { tokenKeys, assertionKeys, adminTokens, report, now } = input
  const keyRing = createFollowedKeyRing(tokenKeys.initial, { path: tokenKeys.path, report })
  const assertions = followRing({
    ring: 'assertion',
    paths: [assertionKeys.path],
    initial: assertionKeys.initial,
    parse: ([text = '']) => parseAssertionRing(text),
    report,
  })
  const admins =
    adminTokens && followAdminTokens(adminTokens.initial, { path: adminTokens.path, report, now })
  return {
    keyRing,
    get assertionKeys() {
      return assertions.current()
    },
    adminTokens: admins?.current ?? (() => []),
    async close() {
      await Promise.all([keyRing.close(), assertions.close(), admins?.close()])
    },
  }
}
