// Settings → the policy in force: of the file when there is one, else the one websocket route. What is said about
// changes goes to the log here.

import type { Result } from '@sallyport/contracts/result'
import { defaultPolicy } from '@sallyport/contracts/sallyport-file'
import { policyOptionsOf } from '@sallyport/contracts/sallyport-file/policy-options'
import type { Log } from '@sallyport/service-kit/log'
import type { Settings } from '../config.ts'
import { createFixedPolicy, type PolicySource } from './policy-source.ts'
import { watchPolicy } from './watched-policy.ts'

/** Opens the policy of the settings; throws with every fault of the file, so that nothing starts on half a policy. */
export function openPolicy(settings: Settings, log: Log): PolicySource {
  const options = policyOptionsOf(settings)
  const path = settings.SALLYPORT_POLICY_FILE
  if (path === undefined) return createFixedPolicy(defaultPolicy(options))
  const source: Result<PolicySource, readonly string[]> = watchPolicy({
    path,
    options,
    onTaken: ({ version, policy }) => {
      log.info({ version, routes: policy.routes.map(({ name }) => name) }, 'policy has changed')
    },
    onFaults: (faults) => log.error({ faults }, 'policy is faulty: the one before stays in force'),
  })
  if (source.ok) return source.value
  throw new Error(['the policy is faulty:', ...source.error].join('\n'))
}
