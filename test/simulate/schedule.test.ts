import { describe, expect, it } from 'vitest'
import { keptSchedule, scheduleText } from '../../src/hosts/sim/keep.ts'
import { runSchedule } from '../../src/hosts/sim/replay.ts'
import { runSeed } from '../../src/hosts/sim/run-seed.ts'
import { parseSchedule, ScheduleError } from '../../src/hosts/sim/schedule.ts'

const refusal = (json: unknown): string => {
  try {
    parseSchedule(json)
  } catch (error) {
    if (error instanceof ScheduleError) return error.message
    throw error
  }
  return 'no refusal'
}
const cluster = { servers: 3 }
const step = (given: object) => ({ cluster, script: [given] })

describe('a schedule', () => {
  it('that is none is refused with the place and what was expected there', () => {
    expect(refusal({ cluster })).toContain('script')
    expect(refusal({ cluster: { servers: 12 }, script: [] })).toContain('cluster.servers')
    expect(refusal({ cluster: { servers: 3, tick: 5 }, script: [] })).toContain('cluster.tick')
    expect(refusal(step({ do: { kind: 'explode' } }))).toContain('script.0.do.kind')
    expect(refusal(step({ do: { kind: 'kill', station: 'two' } }))).toContain('script.0.do.station')
    expect(refusal(step({ at: 1, quiesce: 2, do: { kind: 'heal' } }))).toContain('a step has one trigger at most')
    expect(refusal(step({ before: { kind: 'durable', station: 1 }, do: { kind: 'heal' } }))).toContain(
      'before an event a server can be killed, nothing else',
    )
    expect(refusal(step({ before: { kind: 'durable' }, do: { kind: 'kill', station: 1 } }))).toContain(
      'names the station',
    )
  })

  it('waits for times, events, states and quiet, and does one deed after the other', () => {
    const { failures, virtualUs } = runSchedule(
      parseSchedule({
        cluster,
        script: [
          { after: { kind: 'established' }, do: { kind: 'client', name: 'c', servers: [1, 2, 3] } },
          { do: { kind: 'op', client: 'c', line: 'create /a x', as: 'write' } },
          { do: { kind: 'expect', op: 'write', answer: 'Created /a' } },
          { when: { serving: [1, 2, 3] }, do: { kind: 'assert', leader: 3, running: [1, 2, 3] } },
          { for: 2, do: { kind: 'kill', station: 3 } },
          { when: { leader: 2 }, do: { kind: 'assert', down: [3], notServing: [3] } },
          { quiesce: 1, do: { kind: 'start', sid: 3 } },
          { when: { serving: [1, 2, 3] }, within: 30, do: { kind: 'stop' } },
        ],
      }),
    )
    expect(failures).toEqual([])
    expect(virtualUs).toBeGreaterThan(3e6)
  })

  it('stops a server before an event of its own: the ACK that it was about to send is never sent', () => {
    const told: string[] = []
    const { failures } = runSchedule(
      parseSchedule({
        cluster,
        script: [
          { when: { serving: [1, 2, 3] }, do: { kind: 'client', name: 'c', servers: [3] } },
          { for: 1, do: { kind: 'op', client: 'c', line: 'create /a x', as: 'write' } },
          {
            before: { station: 1, kind: 'message', 'note.type': 'ACK', 'note.zxid': '1.2' },
            do: { kind: 'kill', station: 1, loss: 'all' },
          },
          { do: { kind: 'expect', op: 'write', answer: 'Created /a' } },
          { do: { kind: 'assert', down: [1], head: { 2: '1.2', 3: '0x100000002' } } },
          { do: { kind: 'start', sid: 1 } },
          { when: { serving: [1, 2, 3], head: { 1: '1.2' } }, do: { kind: 'stop' } },
        ],
      }),
      {
        onTrace: (events) => {
          for (const event of events)
            if (event.kind === 'message' && event.note.type === 'ACK' && event.station === 1)
              told.push(String(event.note.zxid))
        },
      },
    )
    expect(failures).toEqual([])
    expect(told).not.toContain(String(0x100000002n))
  })

  it('says what did not come true, with the step', () => {
    const result = (script: object[]) => runSchedule(parseSchedule({ cluster, script })).failures
    expect(result([{ after: { kind: 'halted' }, within: 5, do: { kind: 'stop' } }])).toEqual([
      'step 1: {"after":{"kind":"halted"}} did not come in time',
    ])
    expect(result([{ at: 10, do: { kind: 'assert', leader: 1 } }])).toEqual(['step 1: server 3 leads'])
    expect(
      result([
        { at: 5, do: { kind: 'client', name: 'c', servers: [1] } },
        { do: { kind: 'op', client: 'c', line: 'get /nothing', as: 'read' } },
        { do: { kind: 'expect', op: 'read', answer: 'something' } },
      ])[0],
    ).toContain('step 3: read was answered')
  })

  it('cuts groups apart by port: with the quorum port cut the minority serves nobody', () => {
    const { failures } = runSchedule(
      parseSchedule({
        cluster,
        script: [
          {
            when: { serving: [1, 2, 3] },
            do: { kind: 'partition', groups: [[1], [2, 3]], way: 'cut', ports: ['quorum'] },
          },
          { for: 20, do: { kind: 'assert', notServing: [1], serving: [2, 3], leader: 3 } },
          { do: { kind: 'heal' } },
          { when: { serving: [1, 2, 3] }, do: { kind: 'mode', mode: 'liveness' } },
        ],
      }),
    )
    expect(failures).toEqual([])
  })

  it('kept from a seed gives the same run, event for event', () => {
    for (const seed of [3, 8]) {
      const drawn = runSeed(seed, { seconds: 20 })
      const text = scheduleText(keptSchedule(drawn, 20))
      const again = runSchedule(parseSchedule(JSON.parse(text)))
      expect(drawn.choices.length).toBeGreaterThan(3)
      expect(again.hash).toBe(drawn.hash)
      expect(again.failures).toEqual([])
    }
  })
})
