/** Where it hurts: moments in the life of a server between which its disk, its word to others and its memory differ, and the
 *  shapes in which a network falls apart. */
import type { Random } from '../../core/host.ts'
import type { EventMatch } from '../ensemble.ts'
import { pick, shuffled } from './swarm.ts'

/** A crash before one of these events: what it tells of has not happened. */
export const hurtfulMoments: readonly EventMatch[] = [
  { kind: 'epochProposed' },
  { kind: 'epochAccepted' },
  { kind: 'epochCurrent' },
  { kind: 'syncStart' },
  { kind: 'syncReceived' },
  { kind: 'truncated' },
  { kind: 'snapInstalled' },
  { kind: 'newLeaderAck' },
  { kind: 'established' },
  { kind: 'serving' },
  { kind: 'stopServing' },
  { kind: 'proposed' },
  { kind: 'logged' },
  { kind: 'durable' },
  { kind: 'committed' },
  { kind: 'applied' },
  { kind: 'snapshotTaken' },
  { kind: 'fileRemoved' },
  { kind: 'recovered' },
  { kind: 'elected' },
  { kind: 'message', 'note.type': 'ACK' },
  { kind: 'message', 'note.type': 'ACKEPOCH' },
  { kind: 'message', 'note.type': 'NEWLEADER' },
  { kind: 'message', 'note.type': 'UPTODATE' },
  { kind: 'message', 'note.type': 'COMMIT' },
  { kind: 'message', 'note.type': 'PROPOSAL' },
]

export interface Links {
  readonly from: readonly number[]
  readonly to: readonly number[]
}

const both = (a: readonly number[], b: readonly number[]): Links[] => [
  { from: a, to: b },
  { from: b, to: a },
]

/** The links that a partition takes away: one apart, two halves, a bridge, a chain, the leader with one follower, clients
 *  apart from some or all servers. */
export function partitionShape(
  random: Random,
  servers: readonly number[],
  clients: readonly number[],
  leader: number | undefined,
): Links[] {
  const mixed = shuffled(random, servers)
  const cut = random.int(1, Math.max(1, mixed.length - 1))
  const one = leader !== undefined && random.int(0, 1) === 0 ? leader : (mixed[0] as number)
  const others = servers.filter((sid) => sid !== one)
  switch (random.int(0, 6)) {
    case 0:
      return both([one], [...others, ...clients])
    case 1: {
      const [left, right] = [mixed.slice(0, cut), mixed.slice(cut)]
      const half = clients.filter(() => random.int(0, 1) === 0)
      return both([...left, ...half], [...right, ...clients.filter((client) => !half.includes(client))])
    }
    case 2: {
      // One sees both halves, which do not see each other.
      const rest = mixed.slice(1)
      const middle = Math.ceil(rest.length / 2)
      return both(rest.slice(0, middle), rest.slice(middle))
    }
    case 3:
      // Each sees its two neighbours.
      return mixed.flatMap((sid, index) => [{ from: [sid], to: mixed.filter((_, at) => Math.abs(at - index) > 1) }])
    case 4: {
      const follower = others.length === 0 ? one : pick(random, others)
      return both(
        [one, follower],
        servers.filter((sid) => sid !== one && sid !== follower),
      )
    }
    case 5:
      return both(clients, mixed.slice(0, cut))
    default:
      return both([one], others)
  }
}
