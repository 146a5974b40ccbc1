// The token attack table J01–J46 of the security requirements as data: an id, what is done, and how to make it.
// Rows about remote key sets, configuration and timing (J12–J15, J39, J47–J50) are tested beside the verifier.

import type { TokenAttack } from './token-attack.ts'
import { claimAttacks, formAttacks } from './token-content-attacks.ts'
import { headerAttacks, signatureAttacks } from './token-signature-attacks.ts'

/** Every row, in the order of the table's themes. */
export const tokenAttacks: readonly TokenAttack[] = [
  ...signatureAttacks,
  ...headerAttacks,
  ...formAttacks,
  ...claimAttacks,
]
