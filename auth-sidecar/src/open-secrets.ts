// The secret files of the settings, read once and followed from then on.

import type { RingReport } from '@sallyport/service-kit/followed-ring'
import { loadAdminTokens } from './admin/followed-admin-tokens.ts'
import type { Settings } from './config.ts'
import { type FollowedSecrets, followSecrets } from './followed-secrets.ts'
import { loadSecretFiles, type Secrets } from './secret-files.ts'

/** Reads and follows them; rejects with a message that names every file at fault. All but `secrets` are those of the start. */
export async function openSecrets(
  settings: Settings,
  report: RingReport,
  now: () => number,
): Promise<Pick<Secrets, 'users' | 'redisPassword'> & { readonly secrets: FollowedSecrets }> {
  const { keyRing, assertionKeys, users, redisPassword } = await loadSecretFiles(settings)
  const path = settings.SIDECAR_ADMIN_TOKENS_FILE
  const secrets = followSecrets({
    tokenKeys: { path: settings.SIDECAR_TOKEN_KEYS_FILE, initial: keyRing },
    assertionKeys: { path: settings.SIDECAR_ASSERTION_KEYS_FILE, initial: assertionKeys },
    adminTokens: path === undefined ? undefined : { path, initial: loadAdminTokens(path) },
    report,
    now,
  })
  return { users, redisPassword, secrets }
}
