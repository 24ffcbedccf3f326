/** The page begins here, and only here a host is chosen. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { claimEnsemble } from '../hosts/browser/claim.ts'
import { createBrowserEnsemble } from '../hosts/browser/ensemble.ts'
import { storageState } from '../hosts/browser/opfs.ts'
import type { Ensemble, RunConfig } from '../hosts/ensemble.ts'
import type { LabNews, LabOrder, PreparedRun, Scenario } from '../hosts/scenario.ts'
import type { Host, StartHunt } from './host.ts'
import { languageFor, setLanguage } from './i18n/i18n.ts'
import { optionsFrom, type ScenarioName } from './options.ts'
import { Root } from './root.tsx'
import './style/tokens.css'
import './style/base.css'

const spawnLab = (): Worker =>
  new Worker(new URL('../hosts/sim/lab.worker.ts', import.meta.url), { type: 'module', name: 'lab' })

const hunt: StartHunt = (hunted, onProgress, onFailure) => {
  const lab = spawnLab()
  lab.onmessage = ({ data }: MessageEvent<LabNews>) => {
    if (data.kind === 'progress') onProgress(data)
    else if (data.kind === 'failed') onFailure(data.message)
  }
  lab.onerror = (event) => onFailure(event.message)
  lab.postMessage({ kind: 'hunt', hunt: hunted } satisfies LabOrder)
  return () => lab.terminate()
}

/** A worker for each server, files in the browser's private file system. */
const workers: Host = {
  storage: storageState,
  claim: claimEnsemble,
  open: (config, storage, id) => createBrowserEnsemble(config, { storage, id }),
}

/** All servers in the page's own thread: in memory, and nobody else's. */
const simulator: Host = {
  storage: async () => 'ready',
  claim: async () => ({ release: () => {} }),
  open: (config) => simulated({ config, choices: [] }),
}

async function simulated({ config, choices }: Pick<PreparedRun, 'config' | 'choices'>): Promise<Ensemble> {
  const [{ SimulatedEnsemble }, { launch }, { realClock }] = await Promise.all([
    import('../hosts/sim/ensemble.ts'),
    import('../hosts/launch.ts'),
    import('../hosts/real-clock.ts'),
  ])
  return new SimulatedEnsemble(config, launch, realClock, choices)
}

/** A run by its name: made once in a worker to learn what is done in it, then again at the page's pace. */
const scenarioHost = (name: ScenarioName): Host => ({
  ...simulator,
  open: async (config) => (name.kind === 'recording' ? recorded(name.name) : simulated(await prepared(name, config))),
})

function prepared(name: Exclude<ScenarioName, { kind: 'recording' }>, config: RunConfig): Promise<PreparedRun> {
  const scenario = { ...name, ...('own' in name && name.own ? { like: config } : {}) } as Scenario
  const lab = spawnLab()
  return new Promise<PreparedRun>((resolve, reject) => {
    lab.onmessage = ({ data }: MessageEvent<LabNews>) => {
      if (data.kind === 'prepared') resolve(data.run)
      else if (data.kind === 'failed') reject(new Error(data.message))
    }
    lab.onerror = (event) => reject(new Error(event.message))
    lab.postMessage({ kind: 'prepare', scenario } satisfies LabOrder)
  }).finally(() => lab.terminate())
}

async function recorded(name: string): Promise<Ensemble> {
  const [{ RecordedEnsemble }, { parseRecording }, response] = await Promise.all([
    import('../hosts/recorded-ensemble.ts'),
    import('../hosts/recording-text.ts'),
    fetch(new URL(`museum/${name}.trace`, document.baseURI)),
  ])
  if (!response.ok || response.body === null) throw new Error(`the museum has no recording of "${name}"`)
  const text = await new Response(response.body.pipeThrough(new DecompressionStream('gzip'))).text()
  return new RecordedEnsemble(parseRecording(text))
}

const { options, bad } = optionsFrom(location.search)
setLanguage(languageFor([options.lang, ...navigator.languages]))
const host =
  options.scenario === undefined ? (options.host === 'simulator' ? simulator : workers) : scenarioHost(options.scenario)

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Root host={host} hunt={hunt} options={options} bad={bad} />
  </StrictMode>,
)
