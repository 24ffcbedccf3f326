/** The museum's pieces: bugs that ZooKeeper had or has, each with a schedule that leads to it, the mutant that has the bug
 *  (test/simulate/mutants.mjs), and the property that breaks first. What a piece says to visitors is in the page's
 *  catalogue. */
import type { ScheduleText } from './schedule.ts'

export interface Exhibit {
  /** As in the address, and of its recording's file. */
  readonly name: string
  /** Numbers of ZooKeeper's tracker. */
  readonly issues: readonly number[]
  readonly mutant: string
  /** An id of check/properties.ts. */
  readonly breaks: string
  readonly schedule: ScheduleText
}

/** Three servers whose messages take long enough to be seen. */
const three: ScheduleText['cluster'] = {
  servers: 3,
  latencyUs: { min: 20_000, max: 30_000 },
  diskSyncUs: { min: 2000, max: 6000 },
}

export const exhibits: readonly Exhibit[] = [
  {
    name: 'ack-before-sync',
    issues: [3023, 3911, 4646],
    mutant: 'ack-before-sync',
    breaks: 'D-1',
    schedule: {
      cluster: three,
      script: [
        { when: { serving: [1, 2, 3] }, do: { kind: 'client', name: 'c', servers: [3] } },
        { for: 1, do: { kind: 'op', client: 'c', line: 'create /account 100', as: 'create' } },
        { do: { kind: 'expect', op: 'create', answer: 'Created' } },
        { for: 1, do: { kind: 'op', client: 'c', line: 'set /account 250', as: 'set' } },
        { for: 5, do: { kind: 'stop' } },
      ],
    },
  },
]
