/** Session ids and passwords. Source: SessionTrackerImpl.initializeNextSessionId, ZooKeeperServer.generatePasswd
 *  (request-pipeline.md section 8). */
import { asSession, LONG_MIN, type SessionId, type Sid } from '../wire/ids.ts'

/** Ids of one server: its sid in the high byte, then 40 bits of milliseconds, then 16 bits to count up.
 *  Different on purpose: the milliseconds are of the wall clock where the Java server takes the time since its machine
 *  was booted, because our monotonic clock may begin at 0 with each start and ids must never come back. */
export class SessionIds {
  #next: bigint

  constructor(sid: Sid, wallTimeMs: number) {
    const time = BigInt.asUintN(64, BigInt(wallTimeMs) << 24n) >> 8n
    this.#next = BigInt.asIntN(64, time | (BigInt(sid & 0xff) << 56n))
  }

  /** `taken`: ids in use, which are skipped. */
  next(taken: { has(session: SessionId): boolean }): SessionId {
    let id = asSession(this.#next)
    // MIN_VALUE marks container nodes, 0 asks for a new session.
    while (id === LONG_MIN || id === 0n || taken.has(id)) id = asSession(BigInt.asIntN(64, id + 1n))
    this.#next = BigInt.asIntN(64, id + 1n)
    return id
  }
}

const SECRET = 0xb3415c00n
const MULTIPLIER = 0x5deece66dn
const MASK_48 = (1n << 48n) - 1n

/** 16 bytes by which a client proves that the session is its own; the same on every server: java.util.Random seeded
 *  with the id and a constant, as nextBytes gives them. */
export function sessionPassword(session: SessionId): Uint8Array {
  let seed = (BigInt.asUintN(64, session ^ SECRET) ^ MULTIPLIER) & MASK_48
  const password = new Uint8Array(16)
  const view = new DataView(password.buffer)
  for (let at = 0; at < 16; at += 4) {
    seed = (seed * MULTIPLIER + 0xbn) & MASK_48
    view.setUint32(at, Number((seed >> 16n) & 0xffffffffn), true)
  }
  return password
}

/** Session 0 never has a password: it is the request for a new session. */
export function isSessionPassword(session: SessionId, password: Uint8Array | null): boolean {
  if (session === 0n || password === null) return false
  const expected = sessionPassword(session)
  return password.length === expected.length && password.every((byte, at) => byte === expected[at])
}
