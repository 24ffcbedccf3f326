import { useTranslation } from 'react-i18next'
import { Inspector } from '../ensemble/lazy-inspector.tsx'
import { Stage } from '../ensemble/stage.tsx'
import { usePage } from '../store/hooks.ts'
import type { PaneId } from '../store/state.ts'
import type { Views } from './app.tsx'
import styles from './pocket.module.css'
import { TabGroup } from './tab-group.tsx'

const panes: readonly PaneId[] = ['terminal', 'tree', 'ballot', 'events', 'watches', 'sessions', 'checks']
/** A server alone elects nobody. */
const panesAlone = panes.filter((pane) => pane !== 'ballot')

/** Panes on a phone: the stage stays in sight, below it one pane at a time. */
export function Pocket({ views }: { readonly views: Views }) {
  const { t } = useTranslation()
  const alone = usePage((page) => page.config.servers === 1)
  const inspecting = usePage((page) => page.selected !== undefined)
  const select = usePage((page) => page.select)
  return (
    <div className={styles.pocket}>
      <div className={styles.stage}>
        <Stage />
      </div>
      <div className={styles.lower}>
        <TabGroup
          name={t(($) => $.shell.panes.choose)}
          panes={alone ? panesAlone : panes}
          views={views}
          look="wide"
          cover={inspecting ? <Inspector /> : undefined}
          onChoose={() => select(undefined)}
        />
      </div>
    </div>
  )
}
