/** One server's files, as the witness of its disk tells of them: what is written, and what is safe. `head` is what recovery
 *  would find, by ZooKeeper's rule: the newest snapshot, and the records behind it.
 *
 *  Two views of the same files: `written` has every change, `durable` those that a completed sync covers. */
import type { HostEvent } from '../core/trace.ts'
import { asZxid, follows, ZXID_0, type Zxid } from '../core/wire/ids.ts'
import { HEADER_BYTES, type RecordSeen, readEpoch, readHeader, readRecords } from './log-reader.ts'
import { isWhole } from './snapshot-reader.ts'

type Event<K extends HostEvent['kind']> = Extract<HostEvent, { kind: K }>

/** What is strange about a change of a file. */
export interface Oddity {
  readonly what: 'behindGarbage' | 'rewritten' | 'badRecord' | 'badHeader' | 'badSnapshot' | 'misnamed'
  readonly file: string
}

interface LogFile {
  readonly kind: 'log'
  readonly name: string
  readonly zxid: Zxid
  /** Records, and where each ends. */
  readonly zxids: Zxid[]
  readonly ends: number[]
  count: number
  tail: 'whole' | 'torn' | 'damaged'
  /** Bytes behind the last whole record. */
  rest: Uint8Array | undefined
  hasHeader: boolean
}

interface SnapshotFile {
  readonly kind: 'snapshot' | 'staged'
  readonly name: string
  readonly zxid: Zxid
  readonly whole: boolean
}

export class DiskView {
  readonly files = new Map<string, LogFile | SnapshotFile>()
  acceptedEpoch: number | undefined
  currentEpoch: number | undefined
  #head: Zxid | undefined

  /** 0: nothing. */
  get head(): Zxid {
    this.#head ??= this.#findHead()
    return this.#head
  }
  changed(): void {
    this.#head = undefined
  }
  /** A record was added at the end of everything. */
  grown(zxid: Zxid): void {
    if (this.#head !== undefined && zxid > this.#head) this.#head = zxid
    else this.#head = undefined
  }

  /** The last record, whatever newer snapshots there are; the newest snapshot where there is no record. */
  get logEnd(): Zxid {
    let end: Zxid | undefined
    for (const file of this.files.values()) {
      if (file.kind !== 'log' || file.count === 0) continue
      const last = file.zxids[file.count - 1] as Zxid
      if (end === undefined || last > end) end = last
    }
    return end ?? this.snapshot() ?? ZXID_0
  }

  get isEmpty(): boolean {
    return this.files.size === 0
  }

  /** The newest snapshot that recovery could use. */
  snapshot(): Zxid | undefined {
    let newest: Zxid | undefined
    for (const file of this.files.values())
      if (file.kind === 'snapshot' && file.whole && (newest === undefined || file.zxid > newest)) newest = file.zxid
    return newest
  }

  /** Logs by age, oldest first. */
  logs(): LogFile[] {
    const logs = [...this.files.values()].filter((file): file is LogFile => file.kind === 'log')
    return logs.sort((a, b) => (a.zxid < b.zxid ? -1 : a.zxid > b.zxid ? 1 : 0))
  }

  /** What recovery would replay: the records behind the newest snapshot, in the order of the files, and whether
   *  something before the last one is damaged. */
  replay(): { readonly start: Zxid; readonly zxids: readonly Zxid[]; readonly damaged: string | undefined } {
    const start = this.snapshot() ?? ZXID_0
    const logs = this.logs()
    const first = Math.max(
      0,
      logs.findLastIndex((log) => log.zxid <= start + 1n),
    )
    const zxids: Zxid[] = []
    let damaged: string | undefined
    /** A file that ends in what is no record: good only if the next one goes on where it stops. */
    let broken: string | undefined
    for (const log of logs.slice(first)) {
      const next = log.zxids[0]
      if (broken !== undefined && log.count > 0) {
        if (!follows(zxids.at(-1) ?? start, next as Zxid)) damaged ??= broken
        broken = undefined
      }
      for (let n = 0; n < log.count; n++) {
        const zxid = log.zxids[n] as Zxid
        if (zxid > start) zxids.push(zxid)
      }
      if (log.tail !== 'whole' || !log.hasHeader) broken = log.name
    }
    return { start, zxids, damaged }
  }

  #findHead(): Zxid {
    let head = ZXID_0
    for (const file of this.files.values()) {
      if (file.kind === 'staged' && file.whole) return file.zxid
      if (file.kind === 'snapshot' && file.whole && file.zxid > head) head = file.zxid
    }
    for (const file of this.files.values()) {
      if (file.kind !== 'log' || file.count === 0) continue
      const last = file.zxids[file.count - 1] as Zxid
      if (last > head) head = last
    }
    return head
  }
}

type Change = (view: DiskView) => void
type Effect = Omit<ChangeSeen, 'before' | 'head'> & { readonly apply: Change }

export interface ChangeSeen {
  /** Written to the log by this change, in order. */
  readonly records: readonly RecordSeen[]
  /** What the log ended with before: a record, or the snapshot that it goes on from. */
  readonly before: Zxid
  /** What recovery would have found before. */
  readonly head: Zxid
  readonly oddities: readonly Oddity[]
  /** A snapshot's bytes. */
  readonly snapshot?: { readonly zxid: Zxid; readonly bytes: Uint8Array } | undefined
  /** An epoch file was written. */
  readonly epoch?: 'accepted' | 'current' | undefined
}

const NOTHING: readonly RecordSeen[] = []
const NO_ODDITY: readonly Oddity[] = []

export class DiskModel {
  written = new DiskView()
  durable = new DiskView()
  /** Bits have flipped, or files are gone: what is missing is not the server's fault. */
  declaredLoss = false
  #pending: { readonly change: number; readonly apply: Change }[] = []

  changed({ change, path, how, sizeBytes, bytes }: Event<'diskChanged'>): ChangeSeen {
    const name = nameOf(path)
    const { head, logEnd: before } = this.written
    if (name === undefined) return { records: NOTHING, before, head, oddities: NO_ODDITY }
    const { apply, records, oddities, snapshot, epoch } = this.#change(name, how, sizeBytes, bytes)
    apply(this.written)
    this.#pending.push({ change, apply })
    return { records, before, head, oddities, snapshot, epoch }
  }

  /** Returns whether anything became durable. */
  synced(change: number): boolean {
    const pending = this.#pending
    let done = 0
    while (done < pending.length && (pending[done]?.change ?? 0) <= change) pending[done++]?.apply(this.durable)
    if (done > 0) this.#pending = pending.slice(done)
    return done > 0
  }

  /** A fault has changed files behind the server's back. */
  damaged({ cause, declared, files }: Event<'diskDamaged'>): RecordSeen[] {
    if (declared) this.declaredLoss = true
    // Of rot neither the server knows nor, from then on, does this model: nothing is said of such a disk.
    if (cause === 'rot') return []
    const records: RecordSeen[] = []
    for (const { path, bytes } of files) {
      const name = nameOf(path)
      if (name === undefined) continue
      if (bytes === null) this.#change(name, 'remove', 0, undefined).apply(this.written)
      else {
        const seen = this.#change(name, 'replace', bytes.length, bytes)
        records.push(...seen.records)
        seen.apply(this.written)
      }
    }
    this.#settle()
    return records
  }

  /** What is there is what is safe. */
  #settle(): void {
    this.#pending = []
    const { files, acceptedEpoch, currentEpoch } = this.written
    const durable = new DiskView()
    for (const [name, file] of files)
      durable.files.set(name, file.kind === 'log' ? { ...file, zxids: [...file.zxids], ends: [...file.ends] } : file)
    durable.acceptedEpoch = acceptedEpoch
    durable.currentEpoch = currentEpoch
    this.durable = durable
  }

  #change(name: string, how: Event<'diskChanged'>['how'], sizeBytes: number, bytes: Uint8Array | undefined): Effect {
    if (name === 'acceptedEpoch' || name === 'currentEpoch') return this.#epoch(name, bytes)
    const named = parseName(name)
    const oddities: Oddity[] = []
    const odd = (what: Oddity['what']): void => void oddities.push({ what, file: name })
    if (named === undefined) return { records: NOTHING, oddities, apply: () => {} }
    const remove: Change = (view) => {
      view.files.delete(name)
      view.changed()
    }
    if (how === 'remove') return { records: NOTHING, oddities, apply: remove }
    if (named.kind !== 'log') {
      const whole = how === 'replace' && bytes !== undefined && isWhole(bytes)
      if (!whole) odd('badSnapshot')
      const file: SnapshotFile = { kind: named.kind, zxid: named.zxid, name, whole }
      const apply: Change = (view) => {
        view.files.set(name, file)
        view.changed()
      }
      return { records: NOTHING, oddities, apply, ...(bytes ? { snapshot: { zxid: named.zxid, bytes } } : {}) }
    }
    const known = this.written.files.get(name)
    const log = known?.kind === 'log' ? known : undefined
    if (how === 'truncate') return { records: NOTHING, oddities, apply: truncated(name, sizeBytes) }
    if (how === 'append' && log !== undefined && (log.count > 0 || log.hasHeader)) {
      if (log.tail !== 'whole') odd('behindGarbage')
      return this.#append(log, bytes as Uint8Array, sizeBytes, oddities)
    }
    if (how === 'replace' && log !== undefined && log.count > 0) odd('rewritten')
    return this.#begin(name, named.zxid, bytes as Uint8Array, oddities)
  }

  /** The usual change: a record at the end of a log. */
  #append(log: LogFile, bytes: Uint8Array, sizeBytes: number, oddities: Oddity[]): Effect {
    const whole = log.rest === undefined ? bytes : joined(log.rest, bytes)
    const { records, tail, end } = readRecords(whole, 0, sizeBytes - whole.length)
    if (tail === 'damaged') oddities.push({ what: 'badRecord', file: log.name })
    const rest = tail === 'whole' ? undefined : whole.subarray(whole.length - (sizeBytes - end))
    return { records, oddities, apply: appended(log.name, records, tail, rest) }
  }

  #begin(name: string, zxid: Zxid, bytes: Uint8Array, oddities: Oddity[]): Effect {
    const header = readHeader(bytes)
    if (header === 'bad') oddities.push({ what: 'badHeader', file: name })
    const { records, tail, end } =
      header === 'good'
        ? readRecords(bytes, HEADER_BYTES, 0)
        : ({ records: NOTHING, tail: header === 'bad' ? 'damaged' : 'torn', end: 0 } as const)
    if (tail === 'damaged' && header === 'good') oddities.push({ what: 'badRecord', file: name })
    if (records[0] !== undefined && records[0].zxid !== zxid) oddities.push({ what: 'misnamed', file: name })
    const rest = tail === 'whole' ? undefined : bytes.slice(end)
    const apply: Change = (view) => {
      const file: LogFile = {
        kind: 'log',
        name,
        zxid,
        zxids: records.map((record) => record.zxid),
        ends: records.map((record) => record.end),
        count: records.length,
        tail,
        rest,
        hasHeader: header === 'good',
      }
      view.files.set(name, file)
      view.changed()
    }
    return { records, oddities, apply }
  }

  #epoch(name: string, bytes: Uint8Array | undefined): Effect {
    const value = bytes === undefined ? undefined : readEpoch(bytes)
    const apply: Change = (view) => {
      if (name === 'acceptedEpoch') view.acceptedEpoch = value
      else view.currentEpoch = value
    }
    return {
      records: NOTHING,
      oddities: NO_ODDITY,
      apply,
      epoch: name === 'acceptedEpoch' ? 'accepted' : 'current',
    }
  }
}

function appended(name: string, records: readonly RecordSeen[], tail: LogFile['tail'], rest?: Uint8Array): Change {
  return (view) => {
    const file = view.files.get(name)
    if (file?.kind !== 'log') return
    for (const { zxid, end } of records) {
      file.zxids.push(zxid)
      file.ends.push(end)
      file.count++
      view.grown(zxid)
    }
    file.tail = tail
    file.rest = rest
  }
}

function truncated(name: string, sizeBytes: number): Change {
  return (view) => {
    const file = view.files.get(name)
    if (file?.kind !== 'log') return
    let count = file.count
    while (count > 0 && (file.ends[count - 1] as number) > sizeBytes) count--
    const end = count === 0 ? HEADER_BYTES : (file.ends[count - 1] as number)
    const cut: LogFile = {
      ...file,
      zxids: file.zxids.slice(0, count),
      ends: file.ends.slice(0, count),
      count,
      tail: sizeBytes === end || (count === 0 && sizeBytes <= HEADER_BYTES) ? 'whole' : 'torn',
      rest: undefined,
      hasHeader: sizeBytes >= HEADER_BYTES && file.hasHeader,
    }
    view.files.set(name, cut)
    view.changed()
  }
}

const DIRECTORY = 'version-2/'
const nameOf = (path: string): string | undefined =>
  path.startsWith(DIRECTORY) ? path.slice(DIRECTORY.length) : undefined

function parseName(name: string): { readonly kind: 'log' | 'snapshot' | 'staged'; readonly zxid: Zxid } | undefined {
  const [, word, hex] = /^(log|snapshot|installing)\.([0-9a-f]{1,16})$/i.exec(name) ?? []
  if (word === undefined || hex === undefined) return undefined
  const zxid = asZxid(BigInt.asIntN(64, BigInt(`0x${hex}`)))
  return { kind: word === 'log' ? 'log' : word === 'snapshot' ? 'snapshot' : 'staged', zxid }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}
