import type { RealClock } from './driver.ts'

/** The machine's clock, in a page, in a worker and in Node. */
export const realClock: RealClock = {
  now: () => performance.now(),
  wait: (ms) => new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : nextTask(resolve))),
}

/** As a task of its own, without the 4 ms that nested timers wait at least. */
const nextTask = (run: () => void): void => {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    run()
  }
  port2.postMessage(0)
}
