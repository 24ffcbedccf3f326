/** Everything that must be the same after recovery, in an order of its own: znodes with stat, data and ACL, sessions,
 *  ephemerals, containers. Left out: /zookeeper/config, which every server writes for itself. */
import type { State } from '../../../src/core/storage/state.ts'
import { CONFIG_PATH } from '../../../src/core/tree/data-tree.ts'
import { nodeBlock } from './java-format.ts'

export function contentOf({ tree, sessions }: State) {
  const nodes = [...tree.walk()]
    .filter(([path]) => path !== CONFIG_PATH)
    .map(([path, node]) => `${nodeBlock(path, node)}acl ${JSON.stringify(tree.acl(path))} null ${node.data === null}`)
    .sort()
  return {
    nodes,
    nodeCount: tree.nodeCount,
    sizeBytes: tree.approximateDataSize - (tree.data(CONFIG_PATH)?.length ?? 0),
    sessions: [...sessions].sort(),
    ephemerals: tree
      .ephemeralOwners()
      .map(([session, paths]) => [session, paths.sort()])
      .sort(),
    containers: [...tree.containers].sort(),
    ttls: [...tree.ttls].sort(),
    digest: tree.digest,
  }
}
