/** The page begins here, and only here a host is chosen. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { launch } from '../hosts/launch.ts'
import { SimulatedEnsemble } from '../hosts/sim/ensemble.ts'
import type { Host } from './host.ts'
import { languageFor, setLanguage } from './i18n/i18n.ts'
import { optionsFrom } from './options.ts'
import { Root } from './root.tsx'
import './style/tokens.css'
import './style/base.css'

/** All servers in the page's own thread: in memory, and nobody else's. */
const simulator: Host = {
  storage: () => Promise.resolve('ready'),
  claim: () => Promise.resolve('mine'),
  open: (config) => Promise.resolve(new SimulatedEnsemble(config, launch)),
}

const { options, bad } = optionsFrom(location.search)
setLanguage(languageFor([options.lang, ...navigator.languages]))

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Root host={simulator} options={options} bad={bad} />
  </StrictMode>,
)
