/** The forest of histories. A zxid (e, c) is made once, by the one leader of e, behind one predecessor: so an epoch's base
 *  and what its counters stand for describe everything, and a history is just the zxid at its end. */
import { asZxid, counterOf, epochOf, ZXID_0, type Zxid } from '../core/wire/ids.ts'

interface Epoch {
  /** What precedes the first txn of this epoch; undefined: not known yet. */
  base: Zxid | undefined
  /** Counter of fingerprints[0]. */
  first: number
  /** NaN: the txn is known, what it is is not. */
  fingerprints: number[]
}

/** So many txns of an epoch are remembered at least; older ones are taken on trust. */
const KEPT = 1 << 18

export class Ledger {
  readonly #epochs = new Map<number, Epoch>()
  #recent: { readonly epoch: number; readonly entry: Epoch } | undefined

  /** A txn is mentioned. other: under this zxid another one is known. */
  add(zxid: Zxid, fingerprint: number): 'new' | 'same' | 'other' {
    const entry = this.#epoch(epochOf(zxid))
    const counter = counterOf(zxid)
    const { fingerprints } = entry
    if (fingerprints.length === 0) entry.first = counter
    const at = counter - entry.first
    if (at < 0) return 'same'
    const known = fingerprints[at]
    if (known === fingerprint) return 'same'
    if (known !== undefined && !Number.isNaN(known)) return 'other'
    while (fingerprints.length < at) fingerprints.push(Number.NaN)
    fingerprints[at] = fingerprint
    if (fingerprints.length > 2 * KEPT) {
      entry.fingerprints = fingerprints.slice(-KEPT)
      entry.first += fingerprints.length - KEPT
    }
    return 'new'
  }

  /** What a txn is; undefined: not known. */
  fingerprint(zxid: Zxid): number | undefined {
    const entry = this.#epochs.get(epochOf(zxid))
    const known = entry?.fingerprints[counterOf(zxid) - entry.first]
    return Number.isNaN(known) ? undefined : known
  }

  /** Epoch `epoch` begins on top of `base`. The first one to say so is right. */
  begin(epoch: number, base: Zxid): void {
    const entry = this.#epoch(epoch)
    if (entry.base === undefined && epochOf(base) < epoch) entry.base = base
  }

  /** What was behind `zxid` in its epoch never was. */
  forgetBehind(zxid: Zxid): void {
    const entry = this.#epochs.get(epochOf(zxid))
    if (entry !== undefined)
      entry.fingerprints.length = Math.min(entry.fingerprints.length, Math.max(0, counterOf(zxid) - entry.first + 1))
  }

  base(epoch: number): Zxid | undefined {
    return this.#epochs.get(epoch)?.base
  }

  /** (e, 0) is no record: it stands for what e begins with. */
  normal(zxid: Zxid): Zxid {
    let normal = zxid
    while (normal > 0n && (normal & 0xffffffffn) === 0n) {
      const base = this.#epochs.get(epochOf(normal))?.base
      if (base === undefined || base >= normal) return normal
      normal = base
    }
    return normal
  }

  /** Predecessor, as far as it is known. */
  prev(zxid: Zxid): Zxid | undefined {
    if (counterOf(zxid) > 1) return asZxid(zxid - 1n)
    const base = this.#epochs.get(epochOf(zxid))?.base
    return base === undefined ? undefined : this.normal(base)
  }

  /** Is `zxid` in the history that ends with `head`, or its end? What is not known is taken for good. */
  contains(head: Zxid, zxid: Zxid): boolean {
    if (head === zxid) return true
    const wanted = this.normal(zxid)
    let at = this.normal(head)
    if (wanted <= ZXID_0) return true
    const epoch = wanted >> 32n
    for (;;) {
      if (wanted > at) return false
      const reached = at >> 32n
      if (reached === epoch) return true
      const base = this.#epochs.get(Number(reached))?.base
      if (base === undefined) return true
      at = this.normal(base)
    }
  }

  #epoch(epoch: number): Epoch {
    if (this.#recent?.epoch === epoch) return this.#recent.entry
    let entry = this.#epochs.get(epoch)
    if (entry === undefined) {
      entry = { base: undefined, first: 1, fingerprints: [] }
      this.#epochs.set(epoch, entry)
    }
    this.#recent = { epoch, entry }
    return entry
  }
}
