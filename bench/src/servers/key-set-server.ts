// The key set of an issuer that is not the built-in one, over https with a certificate for 127.0.0.1.
// Arguments: <TLS folder> <the key set>. Sends its port to the parent.

import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { readIdentity } from '../tls-identity.ts'

const [tlsFolder = '', keySet = ''] = process.argv.slice(2)
const { cert, key } = readIdentity(tlsFolder)

const server = createServer({ cert, key }, (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(keySet)
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))
