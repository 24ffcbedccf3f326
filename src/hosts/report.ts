import type { Report, Sent } from './conductor.ts'
import type { Frame } from './frame.ts'
import type { WindowOutput } from './station.ts'

/** What the conductor is told of a window: everything but the frames themselves. */
export const reportOf = (station: number, output: WindowOutput): Report => ({
  station,
  nextDueUs: output.nextDueUs,
  nextSeq: output.nextSeq,
  changes: output.changes,
  events: output.events,
  answers: output.answers,
  ended: output.ended,
  sent: output.frames.length === 0 ? NOTHING : countByTarget(output.frames),
})

const NOTHING: readonly Sent[] = []

const countByTarget = (frames: readonly Frame[]): Sent[] => {
  const sent: (Sent & { frames: number; firstArrivesUs: number })[] = []
  for (const { to, toIncarnation, arrivesAtUs } of frames) {
    const known = sent.find((each) => each.to === to && each.toIncarnation === toIncarnation)
    if (known) {
      known.frames++
      known.firstArrivesUs = Math.min(known.firstArrivesUs, arrivesAtUs)
    } else sent.push({ to, toIncarnation, frames: 1, firstArrivesUs: arrivesAtUs })
  }
  return sent
}
