/** The ceiling of the platform: writes go the way that ZooKeeper's go, through as many workers, windows of lockstep,
 *  channels and flushes as ours, and every write is a record of its own on every hop. But there is no protocol, no codec,
 *  no session, no tree and no trace: records have a fixed size and are counted. */

export interface BareShape {
  /** Stations 1 … servers; the last one leads. The client is station servers + 1. */
  readonly servers: number
  /** The server that the client is connected to. */
  readonly front: number
}

export interface BareRun {
  readonly outstanding: number
  readonly warmMs: number
  readonly ms: number
}

/** What happened within `ms`, which is what it really took. */
export interface BareFigures {
  readonly writes: number
  readonly windows: number
  readonly ms: number
}

/** So many messages has a station sent to the one that is granted, in all. */
interface Expected {
  readonly from: number
  readonly messages: number
}

export interface BareGrant {
  readonly expects: readonly Expected[]
  /** For the client: brings the writes under way to this number, or starts no new ones. */
  readonly outstanding?: number | undefined
}

export interface BareReport {
  readonly station: number
  /** One message for each, whatever is in it. */
  readonly sentTo: readonly number[]
  /** Writes that the client has had answered so far. */
  readonly answered: number
}

export interface BareBirth {
  readonly station: number
  readonly shape: BareShape
  /** Keeps the channels and files of one loop apart from others. */
  readonly id: string
  readonly port: MessagePort
}

/** A record's first byte says what it is; its size follows from that. Sizes as ZooKeeper's frames have them. */
export const Kind = { request: 1, forwarded: 2, proposal: 3, ack: 4, commit: 5, reply: 6 } as const
export type Kind = (typeof Kind)[keyof typeof Kind]
export const DATA_BYTES = 100
export const sizeBytes: { readonly [kind: number]: number } = {
  [Kind.request]: 28 + DATA_BYTES,
  [Kind.forwarded]: 64 + DATA_BYTES,
  [Kind.proposal]: 84 + DATA_BYTES,
  [Kind.ack]: 24,
  [Kind.commit]: 24,
  [Kind.reply]: 88,
}
/** With checksum, length and end mark. */
export const LOG_RECORD_BYTES = 76 + DATA_BYTES

export const links = ({ servers, front }: BareShape): [number, number][] => {
  const client = servers + 1
  const followers = Array.from({ length: servers - 1 }, (_, index) => index + 1)
  return [[client, front], ...followers.map((follower): [number, number] => [follower, servers])]
}

export const channelName = (id: string, from: number, to: number): string => `bare/${id}/${from}-${to}`
