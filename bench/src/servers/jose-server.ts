// The floor of a token that was never seen: it listens as the sidecar does, calls jose's jwtVerify and gives the
// same answer. What jose accepts is good enough for it. Arguments: <TLS folder> <a sample of the assertion> <JoseTask>.

import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { createEqualWork } from './answers.ts'
import { listenAsFloor } from './floor-listener.ts'
import type { JoseTask } from './jose-task.ts'

const [tlsFolder = '', assertion = '', text = '{}'] = process.argv.slice(2)
const { keySet, issuer, audience, algorithm } = JSON.parse(text) as JoseTask

const keys = createLocalJWKSet(keySet as JSONWebKeySet)
const expected = { issuer, audience, algorithms: [algorithm] }
const answer = createEqualWork(assertion)

listenAsFloor(tlsFolder, (stream, headers) => {
  const compact = (headers.authorization ?? '').slice('Bearer '.length)
  jwtVerify(compact, keys, expected).then(
    () => answer(stream),
    () => stream.respond({ ':status': 401 }, { endStream: true }),
  )
})
