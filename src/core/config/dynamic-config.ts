/** The texts of the files in which a membership is kept. Source: QuorumPeerConfig.java writeDynamicConfig, editStaticConfig
 *  (admin.md section 2). */
import type { QuorumVerifier } from './quorum-verifier.ts'

/** The content of `zoo.cfg.dynamic.<version>`, or with its version that of `zoo.cfg.dynamic.next`: sorted lines, no line
 *  end behind the last one. */
export const configText = (quorum: QuorumVerifier, withVersion: boolean): string =>
  quorum
    .toString()
    .split('\n')
    .filter((line) => withVersion || !line.startsWith('version'))
    .sort()
    .join('\n')

/** zoo.cfg as it is written anew when its dynamic part has moved to `dynamicConfigFile`: the other keys, without
 *  comments, in their order (ZooKeeper's is that of a hash table). `eraseClientPort`: the dynamic part names it. */
export function rewrittenStaticConfig(
  properties: Iterable<readonly [key: string, value: string]>,
  dynamicConfigFile: string,
  eraseClientPort: boolean,
): string {
  const gone = [
    'server.',
    'group',
    'weight',
    'dynamicConfigFile',
    'peerType',
    ...(eraseClientPort ? ['clientPort'] : []),
  ]
  const lines = [...properties].filter(([key]) => !gone.some((prefix) => key.startsWith(prefix)))
  return [...lines, ['dynamicConfigFile', dynamicConfigFile]].map(([key, value]) => `${key}=${value}\n`).join('')
}
