/** What the witness of the network tells is what the bytes say, and no secret is in it. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { packetName, ServerState } from '../../src/core/wire/codes.ts'
import { Reader } from '../../src/core/wire/jute.ts'
import { ConnectRequest, ConnectResponse } from '../../src/core/wire/proto.ts'
import { launch } from '../../src/hosts/launch.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { runConfig } from '../run-config.ts'

type EventOf<K extends TraceEvent['kind']> = TraceEvent & { readonly kind: K }
const SECOND = 1_000_000

let events: readonly TraceEvent[]
const all = <K extends TraceEvent['kind']>(kind: K): EventOf<K>[] =>
  events.filter((event): event is EventOf<K> => event.kind === kind)

beforeAll(() => {
  const config = { ...runConfig(3, { snapCount: 10 }), witness: 'disk' as const, knobs: { commitLogCount: 3 } }
  const sim = new Simulation(config, { launch })
  sim.runUntil({ kind: 'established' }, 60 * SECOND)
  sim.run(SECOND)
  const leader = sim.events.findLast(({ kind }) => kind === 'established')?.station as number
  const [near, far] = [1, 2, 3].filter((sid) => sid !== leader) as [number, number]
  const client = sim.openClient(`zk${near}:2181,zk${leader}:2181`)
  sim.type(client, 'addauth digest teacher:geheim')
  sim.type(client, 'create /a geheimnis')
  // So far behind that it gets a SNAP.
  sim.kill(far)
  for (let n = 0; n < 8; n++) sim.type(client, `set /a ${n}`)
  sim.start(far)
  sim.run(8 * SECOND)
  sim.kill(near)
  sim.run(8 * SECOND)
  sim.type(client, 'get /a')
  events = sim.events
})

/** What was said of one connection by one station, in order. */
function told<T>(kind: TraceEvent['kind'], of: (event: TraceEvent) => readonly T[]): Map<string, T[]> {
  const said = new Map<string, T[]>()
  for (const event of events) {
    if (event.kind !== kind || !('connection' in event)) continue
    const key = `${event.station} on ${event.connection}`
    said.set(key, [...(said.get(key) ?? []), ...of(event)])
  }
  for (const [key, list] of said) if (list.length === 0) said.delete(key)
  return said
}

describe('the witness of the network', () => {
  test('sees every packet on quorum connections, also behind a snapshot', () => {
    const seen = told('packetsSent', (event) =>
      (event as EventOf<'packetsSent'>).packets.map(({ type, zxid }) => [packetName(type), zxid] as const),
    )
    const notes = told('message', (event) => {
      const { note } = event as EventOf<'message'>
      return note.protocol === 'quorum' && note.type !== 'SNAPSHOT' ? [[note.type, note.zxid] as const] : []
    })
    expect([...notes.values()].flat().map(([type]) => type)).toContain('SNAP')
    expect([...seen.keys()].sort()).toEqual([...notes.keys()].sort())
    for (const [key, packets] of notes) {
      const witnessed = seen.get(key) ?? []
      expect(witnessed.map(([type]) => type)).toEqual(packets.map(([type]) => type))
      for (const [n, [, zxid]] of packets.entries()) if (zxid !== undefined) expect(witnessed[n]?.[1]).toBe(zxid)
    }
  })

  test('sees every vote', () => {
    const seen = told('votesSent', (event) => (event as EventOf<'votesSent'>).votes)
    const notes = told('message', (event) => {
      const { note } = event as EventOf<'message'>
      return note.type === 'NOTIFICATION' ? [note.detail] : []
    })
    expect(seen.size).toBeGreaterThan(2)
    // What is written in the moment in which the other side closes never leaves.
    for (const [key, votes] of seen)
      expect(votes).toEqual(
        notes
          .get(key)
          ?.slice(0, votes.length)
          .map((detail) => ({
            state: ServerState[detail?.state as keyof typeof ServerState],
            leader: detail?.leader,
            zxid: detail?.zxid,
            round: detail?.round,
            epoch: detail?.peerEpoch,
          })),
      )
  })

  test('hears of the sessions that a leader hears of', () => {
    const touches = all('touchesCame')
    const session = all('sessionAttached')[0]?.session
    expect(touches.some(({ sessions }) => sessions?.includes(session as bigint))).toBe(true)
    expect(touches.some(({ sessions, from }) => sessions === undefined && from === 101)).toBe(true)
  })

  test('tells no password, but which ones are equal', () => {
    const asked = all('requestsSent').filter(({ proof }) => proof !== undefined)
    const granted = all('repliesCame').filter(({ proof }) => proof !== undefined)
    expect(asked.length).toBeGreaterThan(1)
    for (const { frames } of asked)
      expect(ConnectRequest.read(new Reader(frames[0] as Uint8Array)).passwd).toEqual(new Uint8Array(16))
    for (const { frames } of granted)
      expect(ConnectResponse.read(new Reader(frames[0] as Uint8Array)).passwd).toEqual(new Uint8Array(16))
    expect(asked.at(-1)?.proof).toBe(granted[0]?.proof)
    expect(asked[0]?.proof).not.toBe(granted[0]?.proof)
  })

  test('tells nothing of what addauth is given', () => {
    const letters = all('requestsSent').map(({ frames }) => frames.map((frame) => String.fromCharCode(...frame)).join())
    expect(letters.join()).toContain('geheimnis')
    expect(letters.join()).not.toContain('teacher')
  })

  test('says nothing in a run that has none', () => {
    const sim = new Simulation(runConfig(3), { launch })
    sim.runUntil({ kind: 'established' }, 60 * SECOND)
    const kinds = new Set(sim.events.map(({ kind }) => kind))
    for (const kind of ['packetsSent', 'votesSent', 'touchesCame', 'diskChanged'] as const)
      expect(kinds).not.toContain(kind)
  })
})
