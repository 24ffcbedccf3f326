/** Where a server that has no zoo.cfg keeps its membership: on its disk, under the names that ZooKeeper gives the files.
 *  The newest one counts. Source: QuorumPeer.java makeDynamicConfigFilename, getNextDynamicConfigFilename. */
import { QuorumVerifier } from '../config/quorum-verifier.ts'
import type { DynamicConfigFiles } from '../config/replica-config.ts'
import { ConfigError } from '../config/server-spec.ts'
import { type Disk, DiskError } from '../host.ts'
import { decodeUtf8, toUtf8 } from '../wire/utf8.ts'

/** As in a ZooKeeper of one's own: beside zoo.cfg, not among the data. */
const DIRECTORY = 'conf'
const PREFIX = `${DIRECTORY}/zoo.cfg.dynamic.`
const NEXT = `${PREFIX}next`

export class DynamicConfigOnDisk implements DynamicConfigFiles {
  readonly #disk: Disk
  readonly #onError: (error: DiskError) => void

  constructor(disk: Disk, onError: (error: DiskError) => void) {
    this.#disk = disk
    this.#onError = onError
  }

  next(text: string | undefined): void {
    if (text !== undefined) this.#tell(this.#disk.replace(NEXT, toUtf8(text)))
    else if (this.#disk.size(NEXT) !== undefined) this.#tell(this.#disk.remove(NEXT))
  }

  committed(version: string, text: string): void {
    this.#tell(this.#disk.replace(`${PREFIX}${version}`, toUtf8(text)))
  }

  /** What an earlier life of this server has left here. A file that makes no sense counts as missing. */
  load(): { readonly committed?: QuorumVerifier; readonly lastSeen?: QuorumVerifier } {
    let committed: QuorumVerifier | undefined
    for (const name of this.#disk.list(DIRECTORY)) {
      const version = /^zoo\.cfg\.dynamic\.([0-9a-f]{1,16})$/.exec(name)?.[1]
      const quorum = version === undefined ? undefined : this.#read(`${DIRECTORY}/${name}`, `\nversion=${version}`)
      if (quorum !== undefined && quorum.version >= (committed?.version ?? 0n)) committed = quorum
    }
    const lastSeen = this.#disk.size(NEXT) === undefined ? undefined : this.#read(NEXT, '')
    return { ...(committed === undefined ? {} : { committed }), ...(lastSeen === undefined ? {} : { lastSeen }) }
  }

  #read(name: string, version: string): QuorumVerifier | undefined {
    const bytes = this.#disk.read(name)
    if (bytes instanceof DiskError) return undefined
    try {
      return QuorumVerifier.parse(decodeUtf8(bytes) + version)
    } catch (error) {
      if (error instanceof ConfigError) return undefined
      throw error
    }
  }

  #tell(error: DiskError | undefined): void {
    if (error !== undefined) this.#onError(error)
  }
}
