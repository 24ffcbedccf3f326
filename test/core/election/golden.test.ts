import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import { Ensemble } from './members.ts'

/** What servers said on their election ports, as `sid: hex`, each once; without the frames of observers, whose votes
 *  depend on when the real one happened to ask. */
function recorded(file: string, voters: readonly number[]): Set<string> {
  const lines = readFileSync(`test/golden/wire/${file}.jsonl`, 'utf8').trim().split('\n')
  const ends = new Map<number, { client?: number; server: number }>()
  const said = new Set<string>()
  const early: [number, 'client' | 'server', string][] = []
  for (const line of lines) {
    const { conn, port, kind, dir, hex, note } = JSON.parse(line)
    if (kind === 'election') ends.set(conn, { server: port - 38880 })
    const end = ends.get(conn)
    if (!end || hex === undefined) continue
    if (note.hello) end.client = note.hello.sid
    early.push([conn, dir === 'c>s' ? 'client' : 'server', hex])
  }
  for (const [conn, side, hex] of early) {
    const end = ends.get(conn)
    const sid = end?.[side]
    if (end?.client === undefined || sid === undefined) continue
    if (voters.includes(end.client) && voters.includes(end.server)) said.add(`${sid}: ${hex}`)
  }
  return said
}

function saidBy(ensemble: Ensemble): Set<string> {
  return new Set(ensemble.rig.sent.map(({ from, bytes }) => `${from.slice(2)}: ${Buffer.from(bytes).toString('hex')}`))
}

const config = (count: number, more = ''): QuorumVerifier =>
  QuorumVerifier.parse(
    [1, 2, 3]
      .slice(0, count)
      .map((sid) => `server.${sid}=127.0.0.1:2888${sid}:3888${sid}`)
      .join('\n') + more,
  )

test('a first start says what real servers say, byte for byte', () => {
  const ensemble = new Ensemble(config(3, '\nserver.4=127.0.0.1:28884:38884:observer'))
  // As recorded: 2 is up first, then 1, then 3.
  for (const sid of [2, 1, 3]) {
    ensemble.start(sid)
    ensemble.rig.run(100)
  }
  ensemble.untilElected()
  expect(ensemble.leaders).toEqual([3, 3, 3])
  expect(saidBy(ensemble)).toEqual(recorded('first_start', [1, 2, 3]))
})

test('a kill of the leader and its return make the servers say what real servers say, byte for byte', () => {
  const ensemble = new Ensemble(config(3))
  for (const sid of [1, 2, 3]) ensemble.start(sid)
  ensemble.untilElected()
  ensemble.rig.run(1000)
  ensemble.kill(3)
  ensemble.rig.run(100)
  const stored = { zxid: 0x10000000an, peerEpoch: 1 }
  for (const member of ensemble.members.values()) {
    member.stored = stored
    member.look()
  }
  ensemble.untilElected()
  for (const member of ensemble.members.values()) member.vote = { ...member.vote, peerEpoch: 2 }
  ensemble.start(3, stored)
  ensemble.untilElected()
  expect(ensemble.leaders).toEqual([2, 2, 2])
  expect(saidBy(ensemble)).toEqual(recorded('leader_kill', [1, 2, 3]))
})
