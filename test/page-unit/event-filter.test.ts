import { describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { type Choice, EventFilter, relationsOf } from '../../src/page/events/event-filter.ts'
import { plain } from '../../src/page/store/plain.ts'
import { GROUPS } from '../../src/trace/words.ts'
import { message, SESSION, started, told, z } from '../trace/events.ts'

const all: Choice = { groups: new Set(GROUPS), quiet: false }

describe('EventFilter', () => {
  it('keeps what is chosen and takes in only what is new', () => {
    const filter = new EventFilter()
    const events: TraceEvent[] = [started(1), message(1, 2, 5, 9, 'PING'), message(1, 2, 6, 9)]
    const first = filter.update(events, 3, all)
    expect(first.map(({ at }) => at)).toEqual([0, 6])
    expect(filter.update(events, 3, all)).toBe(first)
    events.push(message(2, 1, 7, 9))
    expect(filter.update(events, 4, all).map(({ at }) => at)).toEqual([0, 6, 7])
    expect(filter.update(events, 4, { ...all, quiet: true }).map(({ at }) => at)).toEqual([0, 5, 6, 7])
    expect(filter.update(events, 4, { groups: new Set(['process']), quiet: true }).map(({ at }) => at)).toEqual([0])
  })

  it('lets go of what the recorder has dropped', () => {
    const filter = new EventFilter()
    const events = Array.from({ length: 100 }, (_, n) => message(1, 2, n, n + 9))
    filter.update(events, 100, all)
    const left = [...events.slice(40), message(1, 2, 100, 200)]
    const chosen = filter.update(left, 101, all)
    expect(chosen.map(({ at }) => at)).toEqual(Array.from({ length: 61 }, (_, n) => n + 40))
  })

  it('finds the cause of an event and its effects', () => {
    const sent = message(1, 2, 1, 9)
    const handled: TraceEvent = {
      ...told(2, 9, { kind: 'logged', zxid: z(1), file: 'log', offset: 0, sizeBytes: 1 }),
      because: { station: 1, seq: sent.seq },
    }
    const other = message(3, 2, 2, 9)
    expect(relationsOf([sent, other, handled], sent).effects).toEqual([handled])
    expect(relationsOf([sent, other, handled], handled).cause).toBe(sent)
  })
})

describe('plain data', () => {
  it('has bigints as 0x strings, maps as objects, bytes as hex', () => {
    const value = {
      zxid: z(1),
      gone: undefined,
      map: new Map<unknown, unknown>([
        [SESSION, 1],
        [2, [3n]],
      ]),
      bytes: new Uint8Array([1, 255]),
    }
    expect(plain(value)).toEqual({
      zxid: '0x100000001',
      gone: null,
      map: { '0x100000000010000': 1, 2: ['0x3'] },
      bytes: '01ff',
    })
    expect(JSON.parse(JSON.stringify(plain(value)))).toEqual(plain(value))
  })
})
