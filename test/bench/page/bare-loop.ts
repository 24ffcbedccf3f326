/** Starts the workers of a bare loop and asks them for figures. */
import type { BareBirth, BareFigures, BareRun, BareShape } from './bare.ts'

export interface BareLoop {
  measure(run: BareRun): Promise<BareFigures>
  end(): Promise<void>
}

/** A channel's other end hears nothing of what is posted before it has been registered, and is told nothing of that. */
const REGISTERED_MS = 500

export async function startBareLoop(shape: BareShape, id: string): Promise<BareLoop> {
  const ports = new Map<number, MessagePort>()
  const workers = await Promise.all(
    Array.from({ length: shape.servers + 1 }, async (_, index) => {
      const worker = new Worker(new URL('./bare-station.worker.ts', import.meta.url), { type: 'module' })
      const { port1, port2: port } = new MessageChannel()
      ports.set(index + 1, port1)
      const birth: BareBirth = { station: index + 1, shape, id, port }
      const ready = answerOf(worker)
      worker.postMessage(birth, [port])
      await ready
      return worker
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, REGISTERED_MS))
  const conductor = new Worker(new URL('./bare-conductor.worker.ts', import.meta.url), { type: 'module' })
  conductor.postMessage({ shape, ports }, [...ports.values()])
  return {
    measure(run) {
      const figures = answerOf<BareFigures>(conductor)
      conductor.postMessage(run)
      return figures
    },
    async end() {
      for (const worker of [conductor, ...workers]) worker.terminate()
      const root = await navigator.storage.getDirectory()
      // The logs stay locked until the workers are gone.
      for (let tries = 0; tries < 50; tries++) {
        try {
          return await root.removeEntry(`bare-${id}`, { recursive: true })
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
    },
  }
}

const answerOf = <T>(worker: Worker): Promise<T> =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<T>) => resolve(data)
    worker.onerror = (event) => reject(new Error(event.message || 'a worker did not load'))
  })
