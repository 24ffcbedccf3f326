/** Watches as threads from a client to a znode: which there are, and how far they have burnt. Computed from the picture at the
 *  cursor alone: forward, backward and frozen are the same. */
import type { WatchKind } from '../../core/server/trace.ts'
import { hex64 } from '../../core/wire/ids.ts'
import type { FiringPicture, MessagePicture, Picture } from '../../trace/picture.ts'
import { progress } from './flight.ts'

export interface Thread {
  readonly client: number
  readonly path: string
  readonly watch: WatchKind
  /** Undefined while it only stands. Else how far the news is on its way from the znode to the client, 0 … 1. */
  readonly news: number | undefined
  /** It is used up: what news has passed is gone. */
  readonly burns: boolean
  /** 1 … 0: of a burnt one only ash is left, which fades. */
  readonly ash: number | undefined
}

/** More would be a curtain. */
const MOST = 60
/** Ash is seen for so long, virtual µs. */
const ASH_US = 700_000
/** Where the message itself is not told. */
const USUAL_FLIGHT_US = 25_000
/** A firing that has not been delivered by then never will be. */
const LOST_US = 5_000_000

export function threadsOf(picture: Picture): Thread[] {
  const clients = new Map<string, number>()
  for (const { running, session, station } of picture.clients.values())
    if (running && session !== 0n) clients.set(hex64(session), station)
  if (clients.size === 0) return []
  const threads = new Map<string, Thread>()
  const keyOf = (client: number, path: string, watch: string): string => `${client} ${watch} ${path}`
  for (const { watches } of picture.servers.values())
    for (const { session, path, watch } of watches) {
      const client = clients.get(hex64(session))
      if (client === undefined || threads.size >= MOST) continue
      threads.set(keyOf(client, path, watch), { client, path, watch, news: undefined, burns: false, ash: undefined })
    }
  for (let n = picture.firings.length - 1; n >= 0; n--) {
    const firing = picture.firings[n]
    if (firing === undefined || picture.at - firing.at > LOST_US) break
    const client = clients.get(hex64(firing.session))
    if (client === undefined || threads.size >= MOST) continue
    const { path, watch, deliveredAt } = firing
    const stays = watch === 'persistent' || watch === 'persistentRecursive'
    const key = keyOf(client, path, watch)
    const known = threads.get(key)
    if (deliveredAt === undefined)
      threads.set(key, { client, path, watch, news: newsOf(firing, client, picture), burns: !stays, ash: undefined })
    else if (!stays && known === undefined && picture.at - deliveredAt < ASH_US)
      threads.set(key, {
        client,
        path,
        watch,
        news: undefined,
        burns: true,
        ash: 1 - (picture.at - deliveredAt) / ASH_US,
      })
  }
  return [...threads.values()]
}

function newsOf(firing: FiringPicture, client: number, { messages, at }: Picture): number {
  const isNews = ({ from, to, sentAt, note }: MessagePicture): boolean =>
    from === firing.server && to === client && sentAt === firing.at && note.type === 'watchEvent'
  const message = messages.find(isNews)
  return progress(message ?? { sentAt: firing.at, arrivesAt: firing.at + USUAL_FLIGHT_US }, at)
}
