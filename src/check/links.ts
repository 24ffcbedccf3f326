/** Quorum connections, as the packets on them show: what a learner was sent, and what it has said. */
import type { PacketSeen, TraceEvent } from '../core/trace.ts'
import { PacketType } from '../core/wire/codes.ts'
import { asZxid, epochOf, type Zxid } from '../core/wire/ids.ts'

/** A learner's connection with its leader. */
export interface Link {
  readonly id: string
  readonly learner: number
  readonly leader: number
  /** Ends that are no more, by their server. */
  readonly over: Set<number>
  /** Of LEADERINFO. */
  epoch: number | undefined
  mode: 'DIFF' | 'TRUNC' | 'SNAP' | undefined
  /** What the learner said it has. */
  reported: Zxid | undefined
  /** The end of what it has, with all that was sent. */
  last: Zxid | undefined
  /** The end of the committed history that was sent before NEWLEADER. */
  history: Zxid | undefined
  newLeader: { readonly epoch: number; readonly event: TraceEvent } | undefined
  acked: boolean
  /** Sent, and not committed; those before `committed` are done with. */
  pending: Zxid[]
  committed: number
}

/** The learner is who opened the connection, and a connection is named after him. */
export function newLink(id: string, station: number, other: number): Link {
  const learner = Number.parseInt(id, 10)
  return {
    id,
    learner,
    leader: learner === station ? other : station,
    over: new Set(),
    epoch: undefined,
    mode: undefined,
    reported: undefined,
    last: undefined,
    history: undefined,
    newLeader: undefined,
    acked: false,
    pending: [],
    committed: 0,
  }
}

/** A packet was sent. */
export function notePacket(link: Link, event: TraceEvent, { type, zxid: number }: PacketSeen): void {
  const zxid = asZxid(number)
  if (event.station === link.learner) {
    if (type === PacketType.ACKEPOCH) link.reported = zxid
    else if (type === PacketType.ACK) link.acked = true
    return
  }
  switch (type) {
    case PacketType.LEADERINFO:
      link.epoch = epochOf(zxid)
      return
    case PacketType.DIFF:
      link.mode = 'DIFF'
      link.last = link.reported
      link.history = zxid
      return
    case PacketType.TRUNC:
    case PacketType.SNAP:
      link.mode = type === PacketType.TRUNC ? 'TRUNC' : 'SNAP'
      link.last = zxid
      link.history = zxid
      return
    case PacketType.PROPOSAL:
      link.last = zxid
      link.pending.push(zxid)
      return
    case PacketType.COMMIT:
    case PacketType.COMMITANDACTIVATE:
      if (link.pending[link.committed] === zxid) link.committed++
      if (link.committed > 64 && link.committed * 2 > link.pending.length) {
        link.pending = link.pending.slice(link.committed)
        link.committed = 0
      }
      if (link.newLeader === undefined) link.history = zxid
      return
    case PacketType.INFORM:
    case PacketType.INFORMANDACTIVATE:
      link.last = zxid
      if (link.newLeader === undefined) link.history = zxid
      return
    case PacketType.NEWLEADER:
      link.newLeader = { epoch: epochOf(zxid), event }
  }
}
