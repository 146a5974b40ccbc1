// What a service says about its keys: a gauge for each ring, by which whoever rotates sees that it has followed, and a
// line in the log. Digests only; one series a ring and a listener, however often they change.

import { Gauge, type Registry } from '@prometheus-io/client'
import { keyRingMetric, peerCertificateMetric } from '@sallyport/contracts/key-rings'
import type { RingReport } from './followed-ring.ts'
import type { Log } from './log.ts'

/** Adds the gauges to a registry. */
export function createRingReport(
  registry: Registry,
  log: Pick<Log, 'info' | 'error'>,
): RingReport & PeerReport {
  const rings = lastOf(registry, {
    name: keyRingMetric,
    help: 'The content of a key ring in force, by its digest.',
    labelNames: ['ring'],
  })
  const peers = lastOf(registry, {
    name: peerCertificateMetric,
    help: 'The certificate that the last connection of a peer showed, by its fingerprint.',
    labelNames: ['peer', 'port'],
  })
  return {
    taken(ring, digest) {
      rings({ ring }, digest)
      log.info({ ring, digest }, 'keys are taken over')
    },
    refused: (ring) =>
      log.error({ ring }, 'a key file is faulty: what was in force before stays so'),
    sawPeer: (peer, port, digest) => peers({ peer, port: `${port}` }, digest),
  }
}

/** Told of each connection of a peer that was let in, at which of our ports. */
export type PeerReport = {
  readonly sawPeer: (peer: string, port: number, digest: string) => void
}

type Labels = Readonly<Record<string, string>>

/** A gauge that shows the last digest of each combination of labels, and none that it had before. */
function lastOf(
  registry: Registry,
  { name, help, labelNames }: { name: string; help: string; labelNames: readonly string[] },
): (labels: Labels, digest: string) => void {
  const last = new Map<string, Labels>()
  const gauge: Gauge<string> = new Gauge({
    name,
    help,
    labelNames: [...labelNames, 'digest'],
    registers: [registry],
    collect() {
      gauge.reset()
      for (const labels of last.values()) gauge.set(labels, 1)
    },
  })
  return (labels, digest) => {
    last.set(labelNames.map((each) => labels[each]).join(' '), { ...labels, digest })
  }
}
