// The floor of verify: what no forward-auth answer over mutual TLS and HTTP/2 can do without. It listens as the
// sidecar does and answers either 200 alone or as much as the sidecar; it decides nothing.
// Arguments: <TLS folder> <equal-work|bare> <a sample of the assertion>.

import { answerBare, createEqualWork } from './answers.ts'
import { listenAsFloor } from './floor-listener.ts'

const [tlsFolder = '', kind = '', assertion = ''] = process.argv.slice(2)

listenAsFloor(tlsFolder, kind === 'bare' ? answerBare : createEqualWork(assertion))
