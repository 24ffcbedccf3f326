import fc from 'fast-check'
import { expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import { beats, compareVotes, type Vote } from '../../../src/core/election/vote.ts'
import { makeZxid, type Sid } from '../../../src/core/wire/ids.ts'
import type { Told } from '../rig.ts'
import { Ensemble, type Member, server, servers } from './members.ts'

interface Start {
  readonly afterMs: number
  readonly epoch: number
  readonly counter: number
}

const starts = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2500 })),
    epoch: fc.integer({ min: 0, max: 2 }),
    counter: fc.integer({ min: 0, max: 2 }),
  }),
  { minLength: 1, maxLength: 7 },
)

/** Voters as the starts say, and an observer that starts first. */
function begun(all: readonly Start[], seed: number, latency: () => number): Ensemble {
  const observer = all.length + 1
  const ensemble = new Ensemble(new QuorumVerifier([...servers(all.length), server(observer, 'observer')]), seed)
  ensemble.rig.latency = latency
  ensemble.start(observer)
  for (const [n, { afterMs, epoch, counter }] of all.entries())
    ensemble.rig.at(afterMs, () => ensemble.start(n + 1, { zxid: makeZxid(epoch, counter), peerEpoch: epoch }))
  ensemble.rig.run(2501)
  return ensemble
}

test('of voters that start within a finalize wait the best wins the first round, and nobody takes another for the leader', () => {
  fc.assert(
    fc.property(starts, fc.nat(), (all, seed) => {
      const early = all.map((start) => ({ ...start, afterMs: start.afterMs % 100 }))
      const ensemble = begun(early, seed, () => 1 + (seed % 10))
      ensemble.untilElected()
      const best = early.map(voteFor).reduce((a, b) => (beats(compareVotes(b, a, ensemble.quorum)) ? b : a))
      for (const event of ensemble.rig.of('elected')) expect(event).toMatchObject({ leader: best.leader, round: 1 })
      checkTallies(ensemble)
    }),
    { numRuns: 100 },
  )
})

test('however servers start and messages dawdle, no round gives two leaders a quorum, and all agree in the end', () => {
  fc.assert(
    fc.property(starts, fc.nat(), fc.integer({ min: 1, max: 500 }), (all, seed, slowestMs) => {
      let number = seed
      const random = () => {
        number = (Math.imul(number, 1103515245) + 12345) >>> 0
        return number >>> 8
      }
      const ensemble = begun(all, seed, () => 1 + (random() % slowestMs))
      const settled = () => ensemble.leaders.every((leader) => leader !== undefined && leader === ensemble.leaders[0])
      for (let tries = 0; !settled(); tries++) {
        expect(tries).toBeLessThan(40)
        ensemble.rig.run(10_000 + (random() % 5000))
        for (const member of ensemble.members.values()) if (gaveUp(ensemble, member)) member.look()
      }
      checkTallies(ensemble)
      checkRounds(ensemble)
    }),
    { numRuns: 60 },
  )
})

const voteFor = ({ epoch, counter }: Start, n: number): Vote => ({
  leader: n + 1,
  zxid: makeZxid(epoch, counter),
  peerEpoch: epoch,
  electionEpoch: 1,
})

/** What initLimit does in a whole server: nobody keeps a role that does not come about. */
function gaveUp({ members, quorum }: Ensemble, { state, sid, leader }: Member): boolean {
  if (state === 'LOOKING') return false
  if (state !== 'LEADING') return members.get(leader as Sid)?.state !== 'LEADING'
  const followers = [...members.values()].filter((member) => member.leader === sid)
  return !quorum.containsQuorum(new Set(followers.map((member) => member.sid)))
}

/** Recounts every decision from the notifications that the trace says were counted. */
function checkTallies({ rig, quorum }: Ensemble): void {
  const stations = new Map<string, Tally>()
  for (const event of rig.told) {
    const tally = stations.get(event.station) ?? { round: 0, votes: new Map(), settled: new Map() }
    stations.set(event.station, tally)
    if (event.kind === 'roundStarted') tally.settled.clear()
    if (event.kind === 'roundStarted' || event.kind === 'roundJoined') {
      expect(event.round).toBeGreaterThan(0)
      tally.round = event.round
      tally.votes.clear()
    } else if (event.kind === 'notification') {
      if (event.counted) {
        expect([event.from, quorum.isVoter(event.from)]).toEqual([event.from, true])
        expect(event.vote.electionEpoch).toBe(tally.round)
        tally.votes.set(event.from, event)
      }
      if (event.state !== 'LOOKING') tally.settled.set(event.from, event)
    } else if (event.kind === 'elected') {
      const own = Number(event.station.slice(2))
      expect(quorum.containsQuorum(new Set(event.voters))).toBe(true)
      if (event.joined) {
        for (const sid of event.voters) {
          const heard = [tally.settled.get(sid), tally.votes.get(sid)]
          expect(heard.map((one) => one?.vote.leader)).toContain(event.leader)
        }
        if (event.leader !== own) expect(tally.settled.get(event.leader)?.state).toBe('LEADING')
      } else {
        const votes = event.voters.map((sid) => tally.votes.get(sid)?.vote as Vote)
        for (const vote of votes)
          expect(vote).toEqual({ ...votes[0], leader: event.leader, electionEpoch: event.round })
        for (const { vote } of tally.votes.values())
          expect(beats(compareVotes(vote, votes[0] as Vote, quorum))).toBe(false)
      }
    }
  }
}

/** Whoever was elected for whom in a round, at any time: a quorum for one leader excludes one for another. */
function checkRounds({ rig, quorum }: Ensemble): void {
  const rounds = new Map<number, Map<Sid, Set<Sid>>>()
  for (const { station, round, leader } of rig.of('elected')) {
    const leaders = rounds.get(round) ?? new Map<Sid, Set<Sid>>()
    rounds.set(round, leaders.set(leader, (leaders.get(leader) ?? new Set()).add(Number(station.slice(2)))))
  }
  for (const [round, leaders] of rounds) {
    const withQuorum = [...leaders].filter(([, followers]) => quorum.containsQuorum(followers))
    expect([round, withQuorum.length]).toEqual([round, expect.toSatisfy((count: number) => count <= 1)])
  }
}

type Heard = Extract<Told, { kind: 'notification' }>
interface Tally {
  round: number
  readonly votes: Map<Sid, Heard>
  readonly settled: Map<Sid, Heard>
}
