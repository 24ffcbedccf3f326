import { lazy, Suspense, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Pane } from '../parts/pane.tsx'
import { usePage, usePicture } from '../store/hooks.ts'
import { type Rows, type Toggled, TreeRows } from './rows.ts'
import { ServerChips } from './server-chips.tsx'
import { shownServer } from './shown-server.ts'
import { TreeList } from './tree-list.tsx'
import { watchersByPath } from './watchers.ts'
import styles from './znodes.module.css'

/** Not needed at first sight. */
const Inspector = lazy(() => import('./inspector.tsx').then((part) => ({ default: part.Inspector })))

/** The znodes of one server: its own tree, as its own txns have made it. */
export function Znodes() {
  const { t } = useTranslation()
  const choice = usePage((page) => page.treeServer)
  const path = usePage((page) => page.znode)
  const servers = usePicture((picture) => picture.servers)
  const server = usePicture((picture) => shownServer(picture, choice))
  const [toggled, setToggled] = useState<Toggled>(new Map())
  const [listing] = useState(() => new TreeRows())
  const tree = server?.tree
  const revision = server?.treeRevision
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tree changes in place; its revision says when
  const rows: Rows = useMemo(() => listing.update(tree, toggled), [listing, tree, toggled, revision])
  const watchers = useMemo(() => watchersByPath(servers.values()), [servers])
  return (
    <Pane title={t(($) => $.tree.title)} aside={servers.size > 1 ? <ServerChips /> : undefined} filled>
      <div className={styles.znodes}>
        {server !== undefined && server.process !== 'running' && (
          <p className={styles.note}>{t(($) => $.tree.asLastSeen, { sid: server.sid })}</p>
        )}
        {server?.digestMismatch !== undefined && (
          <p className={styles.wrong} role="alert">
            {t(($) => $.tree.digestMismatch, { sid: server.sid })}
          </p>
        )}
        {server === undefined || tree === undefined ? (
          <p className={styles.empty}>{t(($) => $.tree.none)}</p>
        ) : (
          <TreeList
            server={server}
            tree={tree}
            rows={rows}
            toggled={toggled}
            onToggle={(at, open) => setToggled(new Map(toggled).set(at, open))}
            watchers={watchers}
          />
        )}
        {path !== undefined && server !== undefined && (
          <Suspense>
            <Inspector server={server} path={path} watchers={watchers} />
          </Suspense>
        )}
      </div>
    </Pane>
  )
}
