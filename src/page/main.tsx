/** The page begins here, and only here a host is chosen. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { claimEnsemble } from '../hosts/browser/claim.ts'
import { createBrowserEnsemble } from '../hosts/browser/ensemble.ts'
import { storageState } from '../hosts/browser/opfs.ts'
import type { Host } from './host.ts'
import { languageFor, setLanguage } from './i18n/i18n.ts'
import { optionsFrom } from './options.ts'
import { Root } from './root.tsx'
import './style/tokens.css'
import './style/base.css'

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
  async open(config) {
    const [{ SimulatedEnsemble }, { launch }] = await Promise.all([
      import('../hosts/sim/ensemble.ts'),
      import('../hosts/launch.ts'),
    ])
    return new SimulatedEnsemble(config, launch)
  },
}

const { options, bad } = optionsFrom(location.search)
setLanguage(languageFor([options.lang, ...navigator.languages]))

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Root host={options.host === 'simulator' ? simulator : workers} options={options} bad={bad} />
  </StrictMode>,
)
