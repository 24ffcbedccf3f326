/** A command of the shell as a sequence: a generator that stops where Java's thread would wait for an answer. The answers'
 *  callbacks drive it, so that the core stays synchronous, and it reads from top to bottom all the same. */
import type { Reply } from '../client/reply.ts'
import { KeeperError } from './errors.ts'

/** Given to the driver where a sequence has to wait: how it is woken. */
type Wait = (wake: () => void) => void
export type Steps<T> = Generator<Wait, T, void>

/** Starts something that answers once, now or later, and waits for its answer. What `start` throws is thrown here. */
export function* ask<T>(start: (done: (value: T) => void) => void): Steps<T> {
  const state: { answer?: { readonly value: T }; wake?: () => void } = {}
  start((value) => {
    if (state.answer !== undefined) return
    state.answer = { value }
    state.wake?.()
  })
  if (state.answer === undefined)
    yield (wake) => {
      state.wake = wake
    }
  return (state.answer as { readonly value: T }).value
}

/** Waits for the answer of a request. @throws KeeperError for an error of ZooKeeper */
export function* call<T>(start: (done: (reply: Reply<T>) => void) => void): Steps<T> {
  const reply = yield* ask(start)
  if (!reply.ok) throw new KeeperError(reply.err, reply.path)
  return reply.value
}

/** Runs to the end. `done` gets what was thrown, or undefined. */
export function run(steps: Steps<void>, done: (thrown: unknown) => void): void {
  const advance = () => {
    let result: IteratorResult<Wait, void>
    try {
      result = steps.next()
    } catch (error) {
      return done(error)
    }
    if (result.done) done(undefined)
    else result.value(advance)
  }
  advance()
}
