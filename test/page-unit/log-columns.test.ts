import { describe, expect, it } from 'vitest'
import { makeZxid } from '../../src/core/wire/ids.ts'
import { logCells, logColumns } from '../../src/page/ensemble/log-columns.ts'
import { server, settled } from './fixture.ts'

describe('the log strips', () => {
  const leader = settled(3, 3, 1, 4)
  const next = makeZxid(1, 5)

  it('show the newest zxids of all servers, oldest first', () => {
    const ahead = settled(2, 3, 1, 5)
    expect(logColumns([leader, ahead], 3)).toEqual([makeZxid(1, 3), makeZxid(1, 4), makeZxid(1, 5)])
    expect(logColumns([leader], 10)).toHaveLength(4)
    expect(logColumns([server(1)], 10)).toEqual([])
  })

  it('have the same zxid in the same column on every server', () => {
    const proposing = {
      ...leader,
      log: [...leader.log, { zxid: next, stage: 'durable', type: 'create', path: '/a', acks: [] } as const],
    }
    const columns = logColumns([proposing, leader], 3)
    expect(logCells(proposing, columns).map(({ stage }) => stage)).toEqual(['committed', 'committed', 'durable'])
    expect(logCells(leader, columns).map(({ stage }) => stage)).toEqual(['committed', 'committed', 'missing'])
  })

  it('count a record that came within a snapshot as committed', () => {
    const fromSnapshot = settled(1, 3, 1, 4, { log: [] })
    const columns = [...logColumns([leader], 3), next]
    expect(logCells(fromSnapshot, columns).map(({ stage }) => stage)).toEqual([
      'committed',
      'committed',
      'committed',
      'missing',
    ])
  })

  it('show a hole in a log as missing', () => {
    const [first, , third, fourth] = leader.log
    const holed = { ...leader, log: [first!, third!, fourth!] }
    expect(logCells(holed, logColumns([leader], 4)).map(({ stage }) => stage)).toEqual([
      'committed',
      'missing',
      'committed',
      'committed',
    ])
  })
})
