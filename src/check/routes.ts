/** By way of which servers each session has sent which of its requests. A session may be at several processes, each with numbers
 *  of its own: then one number may have gone several ways. */

/** Numbers that follow each other. */
interface Span {
  readonly from: number
  to: number
}

/** A session that has more is no longer followed. */
const MANY = 64

export class Routes {
  /** By session and server. */
  readonly #sent = new Map<bigint, Map<number, Span[]>>()

  sent(session: bigint, server: number, xid: number): void {
    const servers = this.#sent.get(session) ?? new Map<number, Span[]>()
    this.#sent.set(session, servers)
    const spans = servers.get(server)
    const last = spans?.at(-1)
    if (spans === undefined) servers.set(server, [{ from: xid, to: xid }])
    else if (last !== undefined && last.to === xid - 1) last.to = xid
    else if (spans.length < MANY) spans.push({ from: xid, to: xid })
    else spans.splice(0, MANY, { from: 1, to: Number.POSITIVE_INFINITY })
  }

  forget(session: bigint): void {
    this.#sent.delete(session)
  }

  /** Servers that a request was sent to. */
  of(session: bigint, xid: number): number[] {
    const servers: number[] = []
    for (const [server, spans] of this.#sent.get(session) ?? [])
      if (spans.some(({ from, to }) => from <= xid && xid <= to)) servers.push(server)
    return servers
  }
}
