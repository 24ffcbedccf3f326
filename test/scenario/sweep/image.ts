/** What a power cut may leave of a disk, by the fault model: a copy of what is safe, with any part of the rest. Written
 *  apart from the host's PageCache, so that both need not share a mistake.
 *
 *  A change is lost or kept as a whole, except an append: there its file's name (if it is new), each page and the new size
 *  may be lost one by one. A page that has lost something loses what comes later, too; without its name all of a file is. */
import { generator } from '../../../src/hosts/prng.ts'

export type Files = ReadonlyMap<string, Uint8Array>

export interface Change {
  readonly change: number
  readonly how: 'append' | 'truncate' | 'replace' | 'remove'
  readonly path: string
  readonly sizeBytes: number
  readonly bytes: Uint8Array | undefined
}

/** One state of a disk. */
export interface Image {
  /** The same for the same content, as long as what is safe stays the same. */
  readonly name: string
  readonly files: Files
  /** Bytes of something else stand in it, where nothing has been written. */
  readonly isStale: boolean
}

interface Piece {
  readonly change: Change
  /** name, size or whole; a number: that page. */
  readonly part: 'name' | 'size' | 'whole' | number
}

const PAGE_BYTES = 4096
const SECTOR_BYTES = 512
/** With so many pieces, every subset is tried. */
const EVERY_SUBSET = 6
const RANDOM_SUBSETS = 12
const LOG_HEADER_BYTES = 16

/** All of it. */
export const withAll = (safe: Files, pending: readonly Change[]): Files =>
  build(safe, piecesOf(safe, pending), () => true)

/** Every part of `pending` where there are few, else those that matter most. Some come twice, under one name. */
export function* imagesOf(safe: Files, pending: readonly Change[]): Generator<Image> {
  const pieces = piecesOf(safe, pending)
  for (const kept of subsets(pieces)) {
    const name = [...kept].map(({ change, part }) => `${change.change}/${part}`).join(' ')
    yield { name, files: build(safe, pieces, (piece) => kept.has(piece)), isStale: false }
  }
  yield* tornTails(safe, pending)
}

function* subsets(pieces: readonly Piece[]): Generator<ReadonlySet<Piece>> {
  const where = (test: (index: number) => boolean) => new Set(pieces.filter((_, index) => test(index)))
  if (pieces.length <= EVERY_SUBSET) {
    for (let bits = 0; bits < 2 ** pieces.length; bits++) yield where((index) => ((bits >> index) & 1) === 1)
    return
  }
  for (let count = 0; count <= pieces.length; count++) yield where((index) => index < count)
  for (let one = 0; one < pieces.length; one++) {
    yield where((index) => index !== one)
    yield where((index) => index === one)
  }
  const random = generator(pieces[0]?.change.change ?? 0, `subsets of ${pieces.length}`)
  for (let n = 0; n < RANDOM_SUBSETS; n++) {
    const share = random.float()
    yield where(() => random.float() < share)
  }
}

/** The newest append broken off at each sector and at some other bytes: the file ends there, or zeros follow, or what stood
 *  on the disk before. */
function* tornTails(safe: Files, pending: readonly Change[]): Generator<Image> {
  const last = pending.at(-1)
  if (last?.how !== 'append' || last.bytes === undefined) return
  const { bytes, path, sizeBytes, change } = last
  const files = withAll(safe, pending)
  const whole = files.get(path) as Uint8Array
  const start = sizeBytes - bytes.length
  const cuts = new Set<number>([1, 4, 8, 11, 12, 13, bytes.length >> 1, bytes.length - 1].map((at) => start + at))
  for (let at = Math.ceil((start + 1) / SECTOR_BYTES) * SECTOR_BYTES; at < sizeBytes; at += SECTOR_BYTES) cuts.add(at)
  for (const cut of cuts) {
    if (cut <= start || cut >= sizeBytes) continue
    const torn = (how: string, file: Uint8Array): Image => ({
      name: `${change} ${how} at ${cut}`,
      files: new Map(files).set(path, file),
      isStale: how === 'stale',
    })
    yield torn('cut', whole.slice(0, cut))
    // The first sector of a file is there or not: its header is never cut in two.
    if (cut < LOG_HEADER_BYTES) continue
    yield torn(
      'zeros',
      padded(whole.slice(0, cut), sizeBytes, () => 0),
    )
    yield torn(
      'stale',
      padded(whole.slice(0, cut), sizeBytes, (at) => whole[at % cut] as number),
    )
  }
}

function padded(bytes: Uint8Array, sizeBytes: number, value: (at: number) => number): Uint8Array {
  const file = new Uint8Array(sizeBytes)
  file.set(bytes)
  for (let at = bytes.length; at < sizeBytes; at++) file[at] = value(at)
  return file
}

function piecesOf(safe: Files, pending: readonly Change[]): readonly Piece[] {
  const pieces: Piece[] = []
  const names = new Set(safe.keys())
  for (const change of pending) {
    const { how, path, sizeBytes, bytes } = change
    if (how !== 'append' || bytes === undefined) {
      pieces.push({ change, part: 'whole' })
      if (how === 'remove') names.delete(path)
      else names.add(path)
      continue
    }
    if (!names.has(path)) pieces.push({ change, part: 'name' })
    names.add(path)
    const first = Math.floor((sizeBytes - bytes.length) / PAGE_BYTES)
    for (let page = first; page * PAGE_BYTES < sizeBytes; page++) pieces.push({ change, part: page })
    pieces.push({ change, part: 'size' })
  }
  return pieces
}

function build(safe: Files, pieces: readonly Piece[], keeps: (piece: Piece) => boolean): Files {
  const files = new Map(safe)
  const drafts = new Map<string, Draft>()
  const draft = (path: string): Draft => {
    const known = drafts.get(path) ?? new Draft(files.get(path))
    drafts.set(path, known)
    return known
  }
  /** The file that stood under this name then is not to be found. */
  const nameless = new Set<string>()
  const lostPages = new Set<string>()
  for (const piece of pieces) {
    const { change, part } = piece
    const { how, path, sizeBytes, bytes = new Uint8Array() } = change
    const kept = keeps(piece)
    if (part === 'name' || how === 'replace') {
      if (kept) {
        drafts.set(path, new Draft(part === 'name' ? undefined : bytes))
        nameless.delete(path)
      } else nameless.add(path)
      for (const page of lostPages) if (page.startsWith(`${path} `)) lostPages.delete(page)
    } else if (how === 'remove') {
      if (!kept) continue
      drafts.delete(path)
      files.delete(path)
    } else if (!nameless.has(path)) {
      if (part === 'whole') {
        if (kept) draft(path).truncate(sizeBytes)
      } else if (part === 'size') {
        if (kept) draft(path).grow(sizeBytes)
      } else if (!kept) lostPages.add(`${path} ${part}`)
      else if (!lostPages.has(`${path} ${part}`)) {
        const start = sizeBytes - bytes.length
        const from = Math.max(start, part * PAGE_BYTES)
        const to = Math.min(sizeBytes, (part + 1) * PAGE_BYTES)
        draft(path).write(from, bytes.subarray(from - start, to - start))
      }
    }
  }
  for (const [path, { content }] of drafts) files.set(path, content)
  return files
}

/** A file that is being put together; zeros where nothing was written. */
class Draft {
  #bytes: Uint8Array
  #sizeBytes: number

  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.#bytes = new Uint8Array(bytes.length + 2 * PAGE_BYTES)
    this.#bytes.set(bytes)
    this.#sizeBytes = bytes.length
  }

  get content(): Uint8Array {
    return this.#bytes.slice(0, this.#sizeBytes)
  }

  write(at: number, bytes: Uint8Array): void {
    this.grow(at + bytes.length)
    this.#bytes.set(bytes, at)
  }
  grow(sizeBytes: number): void {
    if (sizeBytes > this.#bytes.length) this.#bytes = padded(this.#bytes, 2 * sizeBytes, () => 0)
    this.#sizeBytes = Math.max(this.#sizeBytes, sizeBytes)
  }
  truncate(sizeBytes: number): void {
    this.#bytes.fill(0, sizeBytes)
    this.#sizeBytes = Math.min(this.#sizeBytes, sizeBytes)
  }
}
