/** The page as it is, with a client that writes by itself: what is typed into the terminal would cost frames of its own. */
import { createRoot } from 'react-dom/client'
import { claimEnsemble } from '../../../src/hosts/browser/claim.ts'
import { createBrowserEnsemble } from '../../../src/hosts/browser/ensemble.ts'
import { storageState } from '../../../src/hosts/browser/opfs.ts'
import { connectString } from '../../../src/hosts/names.ts'
import type { Host } from '../../../src/page/host.ts'
import { setLanguage } from '../../../src/page/i18n/i18n.ts'
import { optionsFrom } from '../../../src/page/options.ts'
import { Root } from '../../../src/page/root.tsx'
import '../../../src/page/style/tokens.css'
import '../../../src/page/style/base.css'

declare global {
  interface Window {
    /** Starts a client with so many writes under way. */
    startWriting(outstanding: number): Promise<void>
  }
}

const host: Host = {
  storage: storageState,
  claim: claimEnsemble,
  async open(config, storage, id) {
    const ensemble = await createBrowserEnsemble(config, { storage, id })
    window.startWriting = async (outstanding) => {
      await ensemble.openClient(connectString(config), { outstanding, dataBytes: 100 })
    }
    return ensemble
  },
}

const { options, bad } = optionsFrom(location.search)
setLanguage('en')
createRoot(document.getElementById('root') as HTMLElement).render(<Root host={host} options={options} bad={bad} />)
