// An internal authority for tests: one certificate a role, made in memory. Test code only.

import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import type { ServiceRole } from '@sallyport/contracts/service-role'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** Makes an authority and returns the way to issue certificates of it; two that one peer trusts have two names. */
export async function createTestAuthority(name = 'test authority') {
  const keys = await makeKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  })

  async function issue(role: ServiceRole): Promise<TlsIdentity> {
    const own = await makeKeys()
    const issued = await x509.X509CertificateGenerator.create({
      subject: `CN=${role}`,
      issuer: certificate.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: role }]),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
      ],
    })
    const key = await crypto.subtle.exportKey('pkcs8', own.privateKey)
    return {
      ca: certificate.toString('pem'),
      cert: issued.toString('pem'),
      key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
    }
  }

  return { issue }
}

function makeKeys() {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}
