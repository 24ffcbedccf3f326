/** Each piece of the museum: with its bug the named property breaks, with our code none does. */
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { EnsembleChecker } from '../../src/check/checker.ts'
import { parseRecording } from '../../src/hosts/recording-text.ts'
import { exhibits } from '../../src/hosts/sim/exhibits.ts'
import { runSchedule } from '../../src/hosts/sim/replay.ts'
import { parseSchedule } from '../../src/hosts/sim/schedule.ts'
import { pieces } from '../../src/page/i18n/en/pieces.ts'
import { exhibits as listed } from '../../src/page/museum/catalogue.ts'
import { recordingOf } from './museum.mjs'
import { mutants } from './mutants.mjs'

test('the museum lists what can be shown, and has words for it', () => {
  expect(exhibits.length).toBeGreaterThanOrEqual(12)
  expect(listed.map(({ name, breaks }) => [name, breaks])).toEqual(exhibits.map(({ name, breaks }) => [name, breaks]))
  expect(Object.keys(pieces).sort()).toEqual(exhibits.map(({ name }) => name).sort())
  for (const { mutant } of exhibits) expect(mutants.map(({ name }) => name)).toContain(mutant)
})

describe.each(exhibits.map((exhibit) => [exhibit.name, exhibit] as const))('%s', (name, { schedule, breaks }) => {
  test('breaks nothing of ours, and goes as its script says', () => {
    const checkers = () => [new EnsembleChecker()]
    const { findings, failures, events } = runSchedule(parseSchedule(schedule), { checkers, goOn: true })
    expect(findings).toEqual([])
    expect(failures).toEqual([])
    expect(events).toBeGreaterThan(100)
  })

  test(`breaks ${breaks} with its bug`, async () => {
    const { events } = parseRecording(gunzipSync(await recordingOf(name)).toString())
    const checker = new EnsembleChecker()
    checker.onEvents(events)
    expect(checker.violations.map(({ property }) => property)).toContain(breaks)
  })
})
