import { useTranslation } from 'react-i18next'
import { Group, Panel, Separator, useDefaultLayout } from 'react-resizable-panels'
import { Inspector } from '../ensemble/lazy-inspector.tsx'
import { Stage } from '../ensemble/stage.tsx'
import { usePage } from '../store/hooks.ts'
import type { PaneId } from '../store/state.ts'
import type { Views } from './app.tsx'
import styles from './desk.module.css'
import { useMedia } from './media.ts'
import { memory } from './storage.ts'
import { TabGroup } from './tab-group.tsx'

/** Panes that share a place. */
const tabs: readonly PaneId[] = ['events', 'sessions', 'checks']
/** Rows of the ballot that are shown without scrolling. */
const BALLOT_ROWS = { tall: 6, short: 3 }

/** Panes on a desk: the stage with its ballot, znodes at the right, terminal and lists below. Sizes are remembered. */
export function Desk({ views }: { readonly views: Views }) {
  const { t } = useTranslation()
  const inspecting = usePage((page) => page.selected !== undefined)
  const servers = usePage((page) => page.config.servers)
  const short = useMedia('(max-height: 740px)')
  // A server alone elects nobody.
  const alone = servers === 1
  const ballot = 28 + Math.min(short ? BALLOT_ROWS.short : BALLOT_ROWS.tall, servers) * 25
  return (
    <Split id="desk" orientation="vertical" panels={['upper', 'lower']}>
      <Panel id="upper" minSize="240px">
        <Split id="upper" orientation="horizontal" panels={['left', 'right']}>
          <Panel id="left" minSize="360px">
            <Split id="left" orientation="vertical" panels={alone ? ['ring'] : ['ring', 'ballot']}>
              <Panel id="ring" minSize="180px">
                <Stage />
              </Panel>
              {!alone && <Divider label={t(($) => $.shell.resize.ballot)} />}
              {!alone && (
                <Panel id="ballot" defaultSize={`${ballot}px`} minSize="28px">
                  {views.ballot}
                </Panel>
              )}
            </Split>
          </Panel>
          <Divider label={t(($) => $.shell.resize.stage)} />
          <Panel id="right" defaultSize="356px" minSize="240px">
            <Split id="right" orientation="vertical" panels={inspecting ? ['znodes', 'inspector'] : ['znodes']}>
              <Panel id="znodes" minSize="120px">
                {views.tree}
              </Panel>
              {inspecting && <Divider label={t(($) => $.shell.resize.inspector)} />}
              {inspecting && (
                <Panel id="inspector" defaultSize="56%" minSize="120px">
                  <Inspector />
                </Panel>
              )}
            </Split>
          </Panel>
        </Split>
      </Panel>
      <Divider label={t(($) => $.shell.resize.bottom)} />
      <Panel id="lower" defaultSize={short ? '170px' : '208px'} minSize="90px">
        <Split id="lower" orientation="horizontal" panels={['terminal', 'events', 'firings']}>
          <Panel id="terminal" minSize="240px">
            {views.terminal}
          </Panel>
          <Divider label={t(($) => $.shell.resize.terminal)} />
          <Panel id="events" defaultSize="31%" minSize="160px">
            <TabGroup name={t(($) => $.shell.panes.lists)} panes={tabs} views={views} look="shared" />
          </Panel>
          <Divider label={t(($) => $.shell.resize.events)} />
          <Panel id="firings" defaultSize="23%" minSize="160px">
            {views.watches}
          </Panel>
        </Split>
      </Panel>
    </Split>
  )
}

interface SplitProps {
  readonly id: string
  readonly orientation: 'horizontal' | 'vertical'
  readonly panels: string[]
  readonly children: React.ReactNode
}

/** A group of panels whose sizes are remembered. */
function Split({ id, orientation, panels, children }: SplitProps) {
  const { defaultLayout, onLayoutChanged } = useDefaultLayout({
    id: `split:${id}`,
    panelIds: panels,
    storage: memory,
    onlySaveAfterUserInteractions: true,
  })
  return (
    <Group id={id} orientation={orientation} defaultLayout={defaultLayout} onLayoutChanged={onLayoutChanged}>
      {children}
    </Group>
  )
}

function Divider({ label }: { readonly label: string }) {
  return <Separator className={styles.divider} aria-label={label} />
}
