import { describe, expect, it } from 'vitest'
import { statusOf } from '../../src/page/shell/status.ts'
import { picture, server, settled, stopped, unstarted } from './fixture.ts'

describe('the status sentence', () => {
  it('says that servers start as long as none has run', () => {
    expect(statusOf(picture([1, 2, 3].map((sid) => unstarted(sid)))).kind).toBe('starting')
  })

  it('names the leader and its epoch', () => {
    const servers = [1, 2, 3].map((sid) => settled(sid, 3, 4, 2))
    expect(statusOf(picture(servers))).toEqual({ kind: 'leads', sid: 3, epoch: 4 })
  })

  it('tells an election from the time in which the elected one brings the others up to date', () => {
    const looking = [1, 2, 3].map((sid) => server(sid))
    expect(statusOf(picture(looking)).kind).toBe('electing')
    const elected = server(3, { state: 'LEADING', zabState: 'DISCOVERY', acceptedEpoch: 2 })
    expect(statusOf(picture([...looking.slice(0, 2), elected]))).toEqual({ kind: 'synchronizing', sid: 3, epoch: 2 })
  })

  it('says that the quorum is lost even while the old leader has not noticed', () => {
    const servers = [stopped(1), stopped(2), stopped(3), settled(4, 5, 1, 2), settled(5, 5, 1, 2)]
    expect(statusOf(picture(servers))).toEqual({ kind: 'quorumLost', running: 2, servers: 5, needed: 3 })
  })

  it('does not speak of a lost quorum while the first servers are still being started', () => {
    expect(statusOf(picture([server(1), unstarted(2), unstarted(3)])).kind).toBe('starting')
  })

  it('says when nothing runs any more', () => {
    expect(statusOf(picture([stopped(1), stopped(2), stopped(3)])).kind).toBe('allStopped')
  })
})
