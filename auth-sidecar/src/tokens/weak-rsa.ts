// Which RSA public keys are too weak to believe, although they are well-formed. Pure arithmetic on the modulus.

const minModulusBits = 2048
/** Larger ones prove nothing more and make every verification expensive. */
const maxModulusBits = 8192
const minExponent = 65_537n
const maxExponentBytes = 4

export type RsaWeakness = 'rsa-size' | 'rsa-exponent' | 'rsa-modulus'

/** Says what is wrong with a public key, given as big-endian numbers; undefined when nothing is. */
export function findRsaWeakness(
  modulus: Uint8Array,
  exponent: Uint8Array,
): RsaWeakness | undefined {
  if (modulus.length > maxModulusBits / 8) return 'rsa-size'
  const n = bigIntOf(modulus)
  const bits = n.toString(2).length
  if (bits < minModulusBits || bits > maxModulusBits) return 'rsa-size'
  if (exponent.length > maxExponentBytes) return 'rsa-exponent'
  const e = bigIntOf(exponent)
  if (e < minExponent || e % 2n === 0n) return 'rsa-exponent'
  return n % 2n === 0n || hasRocaFingerprint(n) ? 'rsa-modulus' : undefined
}

/**
 * True for moduli of the library of CVE-2017-15361: all its primes are 65537^a + k·M for a product M of small
 * primes, so modulo each of those the modulus is a power of 65537 (Nemec et al. 2017, 3.2). Of other moduli one in
 * 2^27.8 looks like that.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return smallPrimes.every((prime) => isPowerOf65537(Number(modulus % BigInt(prime)), prime))
}

function isPowerOf65537(residue: number, prime: number): boolean {
  let power = 1
  do {
    if (power === residue) return true
    power = (power * 65_537) % prime
  } while (power !== 1)
  return false
}

/** The odd primes that M of the smallest affected keys is made of; larger keys have them too. */
const smallPrimes: readonly number[] = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
]

function bigIntOf(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`)
}
