import { useTranslation } from 'react-i18next'
import { Button } from '../parts/button.tsx'
import { Pane } from '../parts/pane.tsx'
import { usePage } from '../store/hooks.ts'
import { Output } from './output.tsx'
import { PromptLine } from './prompt-line.tsx'
import { SessionBar } from './session-bar.tsx'
import styles from './terminal.module.css'

/** zkCli: a tab for each session. */
export function Terminal() {
  const { t } = useTranslation()
  const tab = usePage((page) => page.tabs.find(({ id }) => id === page.activeTab))
  const openTab = usePage((page) => page.openTab)
  return (
    <Pane title={t(($) => $.terminal.title)} aside={<SessionBar />} filled>
      {tab === undefined ? (
        <div className={styles.none}>
          <p>{t(($) => $.terminal.none)}</p>
          <Button onClick={() => void openTab()}>{t(($) => $.terminal.newTab)}</Button>
        </div>
      ) : (
        <div className={styles.terminal} role="tabpanel" id="zkcli-panel" aria-labelledby={`zkcli-tab-${tab.id}`}>
          <Output tab={tab} />
          <PromptLine key={tab.id} tab={tab} />
        </div>
      )}
    </Pane>
  )
}
