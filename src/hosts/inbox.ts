/** Frames that came for stations, until they may have them: a station begins a window only once everything sent to it in
 *  earlier windows is here. The frames and the grants come on different ways, in any order, and a frame counts only when a
 *  grant has told of it: what its sender was lost with, before it had reported, was never sent. */
import type { FrameCount } from './conductor.ts'
import type { Frame } from './frame.ts'
import type { BrokenFrame, FrameGroup } from './frame-codec.ts'

interface Box {
  readonly incarnation: number
  /** By sender and its life. */
  readonly senders: Map<number, FromSender>
}

interface FromSender {
  /** How many frames have come in all, and how many were taken out. */
  come: number
  taken: number
  /** What was not, in the order in which it was sent. */
  groups: FrameGroup[]
}

const LIVES = 2 ** 16

export class Inbox {
  readonly #boxes = new Map<number, Box>()

  accept(group: FrameGroup): void {
    const box = this.#box(group.to, group.toIncarnation)
    if (!box) return
    const key = senderOf(group)
    const sender = box.senders.get(key) ?? { come: 0, taken: 0, groups: [] }
    sender.come += group.count
    sender.groups.push(group)
    box.senders.set(key, sender)
  }

  /** Whether everything has come that this life of the station is to expect. */
  has(station: number, incarnation: number, expects: readonly FrameCount[]): boolean {
    const box = this.#box(station, incarnation)
    return expects.every((count) => (box?.senders.get(senderOf(count))?.come ?? 0) >= count.frames)
  }

  /** Takes out what this life of the station was to expect. */
  take(
    station: number,
    incarnation: number,
    expects: readonly FrameCount[],
  ): { frames: Frame[]; broken: (BrokenFrame & { from: number })[] } {
    const box = this.#box(station, incarnation)
    const frames: Frame[] = []
    const broken: (BrokenFrame & { from: number })[] = []
    for (const count of expects) {
      const sender = box?.senders.get(senderOf(count))
      while (sender && sender.taken < count.frames) {
        const group = sender.groups.shift()
        if (!group) break
        sender.taken += group.count
        for (const frame of group.frames) frames.push(frame)
        for (const each of group.broken) broken.push({ ...each, from: group.from })
      }
    }
    return { frames, broken }
  }

  /** The box of this life, empty at first; none for a life that is over. */
  #box(station: number, incarnation: number): Box | undefined {
    const known = this.#boxes.get(station)
    if (known && known.incarnation >= incarnation) return known.incarnation === incarnation ? known : undefined
    const box: Box = { incarnation, senders: new Map() }
    this.#boxes.set(station, box)
    return box
  }
}

const senderOf = ({ from, incarnation }: { readonly from: number; readonly incarnation: number }): number =>
  from * LIVES + incarnation
