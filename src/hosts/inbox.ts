/** Frames that came for stations, until they may have them: a station begins a window only once everything sent to it in
 *  earlier windows is here. The frames and the grants come on different ways, in any order. */
import type { FrameCount } from './conductor.ts'
import type { Frame } from './frame.ts'
import type { BrokenFrame, FrameGroup } from './frame-codec.ts'

interface Box {
  readonly incarnation: number
  /** By sender and its life: how many have come in all. */
  readonly counts: Map<number, number>
  groups: FrameGroup[]
}

const LIVES = 2 ** 16

export class Inbox {
  readonly #boxes = new Map<number, Box>()

  accept(group: FrameGroup): void {
    const box = this.#box(group.to, group.toIncarnation)
    if (!box) return
    const sender = group.from * LIVES + group.incarnation
    box.counts.set(sender, (box.counts.get(sender) ?? 0) + group.count)
    box.groups.push(group)
  }

  /** Whether everything has come that this life of the station is to expect. */
  has(station: number, incarnation: number, expects: readonly FrameCount[]): boolean {
    const box = this.#box(station, incarnation)
    return expects.every((count) => (box?.counts.get(count.from * LIVES + count.incarnation) ?? 0) >= count.frames)
  }

  /** Takes out what has come for this life of the station. */
  take(station: number, incarnation: number): { frames: Frame[]; broken: (BrokenFrame & { from: number })[] } {
    const box = this.#box(station, incarnation)
    const groups = box?.groups ?? []
    if (box) box.groups = []
    return {
      frames: groups.flatMap((group) => group.frames),
      broken: groups.flatMap((group) => group.broken.map((each) => ({ ...each, from: group.from }))),
    }
  }

  /** The box of this life, empty at first; none for a life that is over. */
  #box(station: number, incarnation: number): Box | undefined {
    const known = this.#boxes.get(station)
    if (known && known.incarnation >= incarnation) return known.incarnation === incarnation ? known : undefined
    const box: Box = { incarnation, counts: new Map(), groups: [] }
    this.#boxes.set(station, box)
    return box
  }
}
