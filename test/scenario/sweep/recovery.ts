/** The core's recovery, let loose on a state of a disk and on nothing else. */
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import { type Disk, DiskError, type Host } from '../../../src/core/host.ts'
import { Database } from '../../../src/core/storage/database.ts'
import { State } from '../../../src/core/storage/state.ts'
import { nextZxid, type Zxid } from '../../../src/core/wire/ids.ts'
import { encodeLogged } from '../../../src/core/wire/txn.ts'
import { namesIn } from '../../../src/hosts/file-store.ts'
import { generator } from '../../../src/hosts/prng.ts'
import { headerAt, setData } from '../../core/tree/txns.ts'
import type { Change, Files } from './image.ts'
import { textOf } from './reference.ts'

export type Recovery =
  | { readonly ok: false; readonly reason: string }
  | {
      readonly ok: true
      readonly zxid: Zxid
      readonly content: string
      readonly acceptedEpoch: number
      readonly currentEpoch: number
      /** What it did to the disk, and when that became safe. */
      readonly deeds: readonly Deed[]
      /** What is wrong with the tree in itself, or with what is written afterwards. */
      readonly flaw: string | undefined
    }

export type Deed = Change | 'synced'

/** Recovers. `goesOn`: then a txn is logged, and everything behind it must be found by the next recovery. */
export function recoverFrom(files: Files, config: ReplicaConfig, goesOn: boolean): Recovery {
  const disk = new ImageDisk(files)
  const database = new Database(hostOf(disk), config, () => {})
  const loaded = database.load()
  if (!loaded.ok) return { ok: false, reason: `${loaded.error.file ?? ''} ${loaded.error.reason}` }
  disk.settle()
  const { tree, epochs } = database
  const zxid = tree.lastProcessedZxid
  const content = textOf(new State(tree, new Map(database.sessions)))
  const deeds = [...disk.deeds]
  const found = {
    ok: true,
    zxid,
    content,
    acceptedEpoch: epochs.accepted,
    currentEpoch: epochs.current,
    deeds,
  } as const
  if (database.digestMismatches > 0) return { ...found, flaw: 'a txn announced another digest' }
  if (tree.digest !== tree.recomputedDigest()) return { ...found, flaw: 'the digest is not that of the tree' }
  return { ...found, flaw: goesOn ? flawBehind(database, disk, config) : undefined }
}

/** One more txn. */
function flawBehind(database: Database, disk: ImageDisk, config: ReplicaConfig): string | undefined {
  const zxid = nextZxid(database.tree.lastProcessedZxid)
  const txn = setData('/', 'more', 1)
  const bytes = encodeLogged({ header: headerAt(zxid, txn.type), txn, digest: null })
  let isDurable = false
  database.writer.write(zxid, bytes, () => {
    isDurable = true
  })
  disk.settle()
  if (!isDurable) return 'no txn becomes durable behind it'
  const again = recoverFrom(disk.safe, config, false)
  if (!again.ok) return `one txn later it starts no more: ${again.reason}`
  return again.zxid === zxid ? undefined : `one txn later only 0x${again.zxid.toString(16)} is found`
}

class ImageDisk implements Disk {
  /** As of the newest completed sync. */
  safe: Files
  readonly deeds: Deed[] = []
  readonly files: Map<string, Uint8Array>
  #later: (() => void)[] = []

  constructor(files: Files) {
    this.safe = files
    this.files = new Map(files)
  }

  /** Everything that waits is done, until nothing does. */
  settle(): void {
    for (let run = this.#later.shift(); run !== undefined; run = this.#later.shift()) run()
  }
  after(run: () => void): void {
    this.#later.push(run)
  }

  list(directory: string): string[] {
    return namesIn(directory, this.files.keys())
  }
  size(path: string): number | undefined {
    return this.files.get(path)?.length
  }
  read(path: string, offset = 0, length?: number): Uint8Array | DiskError {
    const bytes = this.files.get(path)
    return bytes?.slice(offset, length === undefined ? undefined : offset + length) ?? new DiskError('missing', path)
  }
  append(path: string, bytes: Uint8Array): undefined {
    const file = this.files.get(path) ?? new Uint8Array()
    const longer = new Uint8Array(file.length + bytes.length)
    longer.set(file)
    longer.set(bytes, file.length)
    this.files.set(path, longer)
    this.#did('append', path, bytes)
  }
  truncate(path: string, sizeBytes: number): undefined {
    this.files.set(path, (this.files.get(path) as Uint8Array).slice(0, sizeBytes))
    this.#did('truncate', path, undefined)
  }
  replace(path: string, bytes: Uint8Array): undefined {
    this.files.set(path, bytes.slice())
    this.#did('replace', path, bytes)
  }
  remove(path: string): DiskError | undefined {
    if (!this.files.delete(path)) return new DiskError('missing', path)
    this.#did('remove', path, undefined)
    return undefined
  }
  sync(done: (error?: DiskError) => void): void {
    this.#later.push(() => {
      this.deeds.push('synced')
      this.safe = new Map(this.files)
      done()
    })
  }

  #did(how: Change['how'], path: string, bytes: Uint8Array | undefined): void {
    const sizeBytes = this.files.get(path)?.length ?? 0
    this.deeds.push({ change: this.deeds.length, how, path, sizeBytes, bytes: bytes?.slice() })
  }
}

function hostOf(disk: ImageDisk): Host {
  const none = (): never => {
    throw new Error('recovery needs a disk and nothing else')
  }
  const after = (_delayMs: number, run: () => void) => {
    disk.after(run)
    return { cancel: none }
  }
  return {
    clock: { now: () => 0, wallTime: () => 0, after },
    network: { listen: none, connect: none },
    disk,
    random: generator(0, 'recovery'),
    trace: { emit: () => {}, off: true },
  }
}
