/** Runs simulations beside the page: to prepare one that is to be opened, or by the thousand in search of trouble. */
import type { LabNews, LabOrder } from '../scenario.ts'
import { hunt } from './hunt.ts'
import { prepare } from './scenarios.ts'

const tell = (news: LabNews): void => postMessage(news)
/** Lets an order to stop through: the worker is ended from outside. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

self.onmessage = async ({ data }: MessageEvent<LabOrder>) => {
  try {
    if (data.kind === 'prepare') tell({ kind: 'prepared', run: prepare(data.scenario) })
    else
      for (const progress of hunt(data.hunt)) {
        tell({ kind: 'progress', ...progress })
        await breathe()
      }
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
}
