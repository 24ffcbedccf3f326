import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { BallotPane } from './ballot/ballot-pane.tsx'
import { createDoor } from './door.ts'
import { EventList } from './events/event-list.tsx'
import { WatchFirings } from './events/watch-firings.tsx'
import { type Host, type Opened, openEnsemble, type StartHunt } from './host.ts'
import { Failed, NoStorage, Opening, Taken } from './notices/full-page.tsx'
import { Troubles } from './notices/troubles.tsx'
import { addressWith, type BadOption, type Options } from './options.ts'
import { App, type Views } from './shell/app.tsx'
import { memory } from './shell/storage.ts'
import { PageContext } from './store/hooks.ts'
import { createPage, type Page, runFrames } from './store/page.ts'
import { Terminal } from './terminal/terminal.tsx'
import { Znodes } from './tree/znodes.tsx'
import { Trouble } from './trouble/trouble.tsx'

/** Not needed at first sight. */
const Sessions = lazy(() => import('./sessions/sessions.tsx').then(({ Sessions }) => ({ default: Sessions })))

const ScenarioBanner = lazy(() =>
  import('./museum/scenario-banner.tsx').then((part) => ({ default: part.ScenarioBanner })),
)
const ChecksPane = lazy(() => import('./checks/checks-pane.tsx').then((part) => ({ default: part.ChecksPane })))

/** Beside the page, so that judging costs it nothing. */
const spawnJudge = (): Worker =>
  new Worker(new URL('./checks/judge.worker.ts', import.meta.url), { type: 'module', name: 'judge' })

const viewsOf = (hunt: StartHunt | undefined): Views => ({
  terminal: <Terminal />,
  tree: <Znodes />,
  ballot: <BallotPane />,
  events: <EventList />,
  watches: <WatchFirings />,
  sessions: <Sessions />,
  checks: <ChecksPane trouble={hunt && <Trouble hunt={hunt} />} />,
})

interface RootProps {
  readonly host: Host
  /** Looks for trouble beside the page; where there is none, there is no way to ask for it. */
  readonly hunt?: StartHunt
  readonly options: Options
  readonly bad: readonly BadOption[]
}

type State =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly page: Page }
  | Exclude<Opened, { kind: 'open' | 'unwanted' }>
  | { readonly kind: 'failed'; readonly message: string }

/** Opens the ensemble and shows it, or says why it cannot be shown. */
export function Root({ host, hunt, options: asked, bad }: RootProps) {
  const [options, setOptions] = useState(asked)
  const [state, setState] = useState<State>({ kind: 'opening' })
  const [attempt, setAttempt] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt opens again
  useEffect(() => {
    let end = (): void => {}
    let wanted = true
    const open = async (): Promise<void> => {
      const opened = await openEnsemble(host, options, memory, Date.now(), () => wanted)
      if (opened.kind === 'unwanted') return
      if (!wanted) return void (opened.kind === 'open' && (await opened.close()))
      if (opened.kind !== 'open') return setState(opened)
      const page = createPage(opened.ensemble, opened.storage, undefined, spawnJudge())
      const stop = began(page, options, bad)
      end = () => {
        stop()
        page.checks.dispose()
        void opened.close()
      }
      setState({ kind: 'open', page })
    }
    open().catch((error: unknown) => wanted && setState({ kind: 'failed', message: messageOf(error) }))
    return () => {
      wanted = false
      end()
    }
  }, [attempt])
  const views = useMemo(() => viewsOf(hunt), [hunt])
  const retry = () => {
    setState({ kind: 'opening' })
    setAttempt(attempt + 1)
  }
  const runInMemory = () => {
    history.replaceState(null, '', addressWith(location.href, { storage: 'memory' }))
    setOptions({ ...options, storage: 'memory' })
    retry()
  }
  switch (state.kind) {
    case 'opening':
      return <Opening />
    case 'taken':
      return <Taken onRetry={retry} onMemory={runInMemory} />
    case 'noStorage':
      return <NoStorage reason={state.reason} onMemory={runInMemory} />
    case 'failed':
      return <Failed message={state.message} onRetry={retry} onMemory={runInMemory} />
    case 'open':
      return (
        <PageContext value={state.page}>
          <App
            views={views}
            notices={
              <>
                {options.scenario !== undefined && (
                  <Suspense>
                    <ScenarioBanner scenario={options.scenario} />
                  </Suspense>
                )}
                <Troubles />
              </>
            }
            museum={options.museum}
            isOver={options.scenario?.kind === 'recording'}
          />
        </PageContext>
      )
  }
}

/** Lets time go and opens the door. Returns what ends it all. */
function began(page: Page, options: Options, bad: readonly BadOption[]): () => void {
  const state = page.store.getState()
  state.setSpeed(options.speed)
  for (const { name, value } of bad)
    state.report({ code: 'badOption', station: undefined, message: `${name}=${value}` })
  // A run that is not the visitor's own goes on as it was, unless he joins in.
  if (options.scenario === undefined) void state.openTab()
  else state.showPane('checks')
  const stop = runFrames(page.playback)
  window.vivarium = createDoor(page)
  return () => {
    stop()
    Reflect.deleteProperty(window, 'vivarium')
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
