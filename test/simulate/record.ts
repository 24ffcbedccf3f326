/** Runs a piece of the museum and keeps all that happened; bundled with the piece's mutant, this is how its recording is made. */
import type { TraceEvent } from '../../src/core/trace.ts'
import type { Recording } from '../../src/hosts/recorded-ensemble.ts'
import { recordingText } from '../../src/hosts/recording-text.ts'
import { exhibits } from '../../src/hosts/sim/exhibits.ts'
import { runExhibit } from '../../src/hosts/sim/scenarios.ts'

export const pieces = exhibits.map(({ name, mutant }) => ({ name, mutant }))

export function record(name: string): string {
  const events: TraceEvent[] = []
  const { config, virtualUs } = runExhibit(name, {
    onTrace: (told) => {
      for (const event of told) events.push(event)
    },
  })
  const recording: Recording = { config, events, endUs: virtualUs }
  return recordingText(recording)
}
