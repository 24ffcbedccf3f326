/** Ensembles whose members change: servers that are told more than the product tells them. */
import { QuorumVerifier } from '../../src/core/config/quorum-verifier.ts'
import type { ReplicaConfig } from '../../src/core/config/replica-config.ts'
import { parseServerSpec } from '../../src/core/config/server-spec.ts'
import { Replica } from '../../src/core/server/replica.ts'
import type { Sid } from '../../src/core/wire/ids.ts'
import { configureServer } from '../../src/hosts/configure.ts'
import { launch, type ServerProcess } from '../../src/hosts/launch.ts'
import type { Launch } from '../../src/hosts/process.ts'

/** What stands behind `server.N=`, in the form that `reconfig -add` wants. */
export const spec = (sid: Sid, type = 'participant'): string => `zk${sid}:2888:3888:${type};0.0.0.0:2181`

/** A configuration of these members; `5o` is an observer. */
export const members = (...names: string[]): QuorumVerifier =>
  new QuorumVerifier(
    names.map((name) => {
      const sid = Number.parseInt(name, 10)
      return parseServerSpec(sid, spec(sid, name.endsWith('o') ? 'observer' : 'participant'))
    }),
  )

/** `settings`: of a server, beside what the run says. */
export const withSettings =
  (settings: (sid: Sid) => Partial<ReplicaConfig>): Launch =>
  (host, process) => {
    if (process.what !== 'server') return launch(host, process)
    const config = { ...configureServer(process.sid, process.config), ...settings(process.sid) }
    const server: ServerProcess = { replica: new Replica(host, config) }
    return server
  }
