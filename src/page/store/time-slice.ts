/** Pace: how virtual time runs and where it stops. */
import type { EventMatch } from '../../hosts/ensemble.ts'
import { CONDITIONS, type Condition, conditionOf } from '../../trace/condition.ts'
import type { Slice } from './page.ts'
import type { Playback } from './playback.ts'
import { FASTEST, SLOWEST, type Speed, type TimeSlice } from './state.ts'

/** Words that are no condition; the message is a sentence for the person who typed them. */
export class ConditionError extends Error {
  readonly words: string
  constructor(words: string) {
    super(`"${words}" is no condition. These are: ${CONDITIONS.join(', ')}.`)
    this.words = words
  }
}

export const timeOf = (playback: Playback): Pick<TimeSlice, 'speed' | 'paused' | 'pace' | 'counting'> => ({
  speed: playback.speed,
  paused: playback.paused,
  pace: playback.pace,
  counting: playback.counting,
})

export const timeSlice: Slice<TimeSlice> = (set, _get, { playback }) => {
  let waits = 0
  return {
    ...timeOf(playback),
    waitingFor: undefined,
    setSpeed(speed) {
      playback.setSpeed(inRange(speed))
    },
    pause() {
      playback.pause()
    },
    resume() {
      playback.resume()
    },
    step() {
      return playback.step()
    },
    async until(wanted, speed) {
      const condition = conditionFrom(wanted)
      set({ waitingFor: typeof wanted === 'string' ? wanted.trim() : wordsOf(wanted) })
      const mine = ++waits
      const met = await playback.until(condition, speed)
      // A later wait has put an end to this one.
      if (mine === waits) set({ waitingFor: undefined })
      return met
    },
  }
}

export const inRange = (speed: Speed): Speed =>
  typeof speed === 'number' ? Math.min(FASTEST, Math.max(SLOWEST, Number.isFinite(speed) ? speed : 1)) : speed

/** @throws ConditionError */
function conditionFrom(wanted: string | EventMatch | readonly EventMatch[]): Condition {
  if (typeof wanted === 'string') {
    const condition = conditionOf(wanted)
    if (condition === undefined) throw new ConditionError(wanted)
    return condition
  }
  return { events: isList(wanted) ? wanted : [wanted], holds: () => false }
}

function isList(wanted: EventMatch | readonly EventMatch[]): wanted is readonly EventMatch[] {
  return Array.isArray(wanted)
}

function wordsOf(wanted: EventMatch | readonly EventMatch[]): string {
  const one = (match: EventMatch): string => Object.values(match).map(String).join(' ')
  return isList(wanted) ? wanted.map(one).join(' | ') : one(wanted)
}
