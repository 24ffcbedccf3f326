/** Conditions to run until, in words ("server 2 leads", "0x200000003 committed") or as fields that an event must have. */
import type { TraceEvent } from '../core/trace.ts'
import type { Picture } from './picture.ts'

/** Events that have all these fields with these values. */
export type EventFields = { readonly [field: string]: string | number | bigint | boolean }

export interface Condition {
  /** Any of these events ends the wait. */
  readonly events: readonly EventFields[]
  /** Whether it is true already: a wait for a leader ends at once when one leads. */
  holds(picture: Picture): boolean
}

export function matches(event: TraceEvent, wanted: EventFields): boolean {
  for (const [field, value] of Object.entries(wanted))
    if ((event as unknown as EventFields)[field] !== value) return false
  return true
}

/** What `conditionOf` understands, for help texts. */
export const CONDITIONS = [
  'leader',
  'server N leads',
  'server N follows',
  'server N serves',
  'server N looks',
  'server N stops',
  '0x… committed',
  'server N applies 0x…',
  'watch fires',
  'session expires',
] as const

const NUMBER = '(\\d{1,3})'
const ZXID = '(0x[0-9a-f]{1,16})'
const never = (): boolean => false
/** A server without an ensemble is there: as good as a leader. */
const ALONE = { kind: 'stateChanged', to: 'STANDALONE' }

const forms: readonly { readonly words: RegExp; readonly make: (...groups: string[]) => Condition }[] = [
  form('(?:a )?(?:leader|server leads)', () => ({
    events: [{ kind: 'established' }, ALONE],
    holds: (picture) => picture.leader !== undefined,
  })),
  form(`server ${NUMBER} (?:leads|leading)`, (sid) => ({
    events: [{ kind: 'established', station: Number(sid) }],
    holds: (picture) => picture.leader === Number(sid),
  })),
  form(`server ${NUMBER} (?:follows|following|serves|serving|is up)`, (sid) => ({
    events: [{ kind: 'serving', station: Number(sid) }],
    holds: (picture) => picture.servers.get(Number(sid))?.serving === true,
  })),
  form(`server ${NUMBER} (?:looks|looking)`, (sid) => ({
    events: [{ kind: 'stateChanged', station: Number(sid), to: 'LOOKING' }],
    holds: (picture) => picture.servers.get(Number(sid))?.state === 'LOOKING',
  })),
  form(`server ${NUMBER} (?:stops|stopped|is down)`, (sid) => ({
    events: ['killed', 'halted', 'crashed'].map((kind) => ({ kind, station: Number(sid) })),
    holds: (picture) => picture.servers.get(Number(sid))?.state === 'STOPPED',
  })),
  form(`${ZXID} (?:is )?committed`, (zxid) => ({
    // A server alone commits what is on its disk, and says only that it has applied it.
    events: ['committed', 'applied'].map((kind) => ({ kind, zxid: BigInt(zxid) })),
    holds: (picture) => picture.lastCommitted >= BigInt(zxid),
  })),
  form(`server ${NUMBER} (?:applies|has applied) ${ZXID}`, (sid, zxid) => ({
    events: [{ kind: 'applied', station: Number(sid), zxid: BigInt(zxid) }],
    holds: (picture) => (picture.servers.get(Number(sid))?.lastApplied ?? 0n) >= BigInt(zxid),
  })),
  form('(?:a )?watch (?:fires|fired)', () => ({ events: [{ kind: 'watchFired' }], holds: never })),
  form('(?:a )?session (?:expires|expired)', () => ({
    events: [{ kind: 'sessionClosing', cause: 'expired' }],
    holds: never,
  })),
]

/** Undefined when the words make no sense. */
export function conditionOf(words: string): Condition | undefined {
  const text = words.trim().toLowerCase().replace(/\s+/g, ' ')
  for (const { words: pattern, make } of forms) {
    const found = pattern.exec(text)
    if (found !== null) return make(...found.slice(1))
  }
  return undefined
}

function form(words: string, make: (...groups: string[]) => Condition): (typeof forms)[number] {
  return { words: new RegExp(`^${words}$`), make }
}
