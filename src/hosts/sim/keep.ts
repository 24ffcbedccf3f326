/** A run that was drawn, as a schedule that gives it again. */
import type { Choice } from './hand.ts'
import type { SeedResult } from './run-seed.ts'
import { parseSchedule, type Schedule, type ScheduleText } from './schedule.ts'

/** `seconds`: virtual time after which it was healed, as the seed was run with. */
export function keptSchedule(result: SeedResult, seconds: number): Schedule {
  const { config, choices, troubles, plan, seed, findings } = result
  const first = findings[0]
  const healing = { at: seconds, do: { kind: 'mode', mode: 'liveness', leaveBroken: plan.leaveBroken } }
  return parseSchedule(
    plain({
      name: `seed ${seed}`,
      about: first?.sentence ?? '',
      cluster: config,
      script: [...choices.slice(0, troubles).map(stepOf), healing],
      ...(first === undefined ? {} : { breaks: first.property }),
    }),
  )
}

const stepOf = ({ atUs, action }: Choice): object => ({ at: atUs / 1e6, do: action })

/** As it is written into a file. */
export const scheduleText = (schedule: Schedule): string => `${JSON.stringify(plain(schedule), null, 1)}\n`

/** Without bigints, and without what is undefined. */
const plain = (value: unknown): ScheduleText =>
  JSON.parse(
    JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part)),
  ) as ScheduleText
