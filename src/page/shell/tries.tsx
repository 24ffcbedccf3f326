import { Zap } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Picture } from '../../trace/picture.ts'
import { keys } from '../pace/keys.ts'
import { Button } from '../parts/button.tsx'
import { usePage, usePicture } from '../store/hooks.ts'
import { majority, statusOf } from './status.ts'
import styles from './tries.module.css'

const PATH = '/app'

const selectStatus = (picture: Picture) => statusOf(picture)
const selectRunning = (picture: Picture) =>
  [...picture.servers.values()].filter(({ process }) => process === 'running').map(({ sid }) => sid)
const selectDown = (picture: Picture) =>
  [...picture.servers.values()].filter(({ process }) => process !== 'running').map(({ sid }) => sid)
const selectServes = (picture: Picture) => [...picture.servers.values()].some(({ serving }) => serving)
const selectLeader = (picture: Picture) => picture.leader
/** Whether the first thing to write is there already. */
const selectWritten = (picture: Picture) => {
  const sid = picture.leader ?? [...picture.servers.values()].find(({ serving }) => serving)?.sid
  return sid !== undefined && picture.servers.get(sid)?.tree?.stat(PATH) !== undefined
}

/** Three things to try. Each is a real order: a click, a typed command, a few kills. */
export function Tries() {
  const alone = usePage((page) => page.config.servers === 1)
  return alone ? <TriesAlone /> : <TriesTogether />
}

/** With a server that nobody elects. */
function TriesAlone() {
  const { t } = useTranslation()
  const running = usePicture(selectRunning)
  const serves = usePicture(selectServes)
  const written = usePicture(selectWritten)
  const activeTab = usePage((page) => page.activeTab)
  const type = usePage((page) => page.type)
  const kill = usePage((page) => page.kill)
  const start = usePage((page) => page.start)
  const lines = [
    { line: written ? `set ${PATH} again` : `create ${PATH} hello`, hint: t(($) => $.shell.tries.writeAloneHint) },
    { line: `get -w ${PATH}`, hint: t(($) => $.shell.tries.watchHint) },
  ]
  return (
    <ol className={styles.tries} aria-label={t(($) => $.shell.tries.name)}>
      <li>
        {running.length > 0 ? (
          <Button look="strong" disabled={!serves} onClick={() => void kill(1)}>
            <Zap size={14} aria-hidden />
            {t(($) => $.shell.tries.crashServer)}
          </Button>
        ) : (
          <Button look="strong" onClick={() => void start(1)}>
            {t(($) => $.shell.tries.startServer)}
          </Button>
        )}
        <span>{t(($) => (running.length > 0 ? $.shell.tries.crashServerHint : $.shell.tries.restartHint))}</span>
      </li>
      {lines.map(({ line, hint }) => (
        <li key={hint}>
          <Button onClick={() => void type(activeTab, line)}>
            <code>{line}</code>
          </Button>
          <span>{hint}</span>
        </li>
      ))}
    </ol>
  )
}

function TriesTogether() {
  const { t } = useTranslation()
  const status = usePicture(selectStatus)
  const running = usePicture(selectRunning)
  const down = usePicture(selectDown)
  const leader = usePicture(selectLeader)
  const written = usePicture(selectWritten)
  const crashLeader = usePage((page) => page.crashLeader)
  const activeTab = usePage((page) => page.activeTab)
  const type = usePage((page) => page.type)
  const kill = usePage((page) => page.kill)
  const start = usePage((page) => page.start)

  const servers = running.length + down.length
  const needed = majority(servers)
  const lost = status.kind === 'quorumLost' || status.kind === 'allStopped'
  // While the first ones are still starting: as if all ran.
  const tooMany = (status.kind === 'starting' ? servers : running.length) - needed + 1
  const line = written ? `set ${PATH} again` : `create ${PATH} hello`
  const stopSome = async () => {
    // Followers first: the leader notices that it is alone.
    const followers = running.filter((sid) => sid !== leader)
    const order = leader === undefined ? followers : [...followers, leader]
    for (const sid of order.slice(0, tooMany)) await kill(sid)
  }
  const startAll = async () => {
    for (const sid of down) await start(sid)
  }

  return (
    <ol className={styles.tries} aria-label={t(($) => $.shell.tries.name)}>
      <li>
        <Button
          look="strong"
          disabled={leader === undefined}
          title={t(($) => $.pace.key, { key: keys.crash.label })}
          aria-keyshortcuts={keys.crash.aria}
          onClick={() => void crashLeader()}
        >
          <Zap size={14} aria-hidden />
          {t(($) => $.shell.tries.crash)}
        </Button>
        <span>{t(($) => $.shell.tries.crashHint)}</span>
      </li>
      <li>
        <Button onClick={() => void type(activeTab, line)}>
          <code>{line}</code>
        </Button>
        <span>{t(($) => $.shell.tries.writeHint)}</span>
      </li>
      <li>
        {lost ? (
          <Button onClick={() => void startAll()}>{t(($) => $.shell.tries.restart)}</Button>
        ) : (
          <Button disabled={status.kind === 'starting'} onClick={() => void stopSome()}>
            {t(($) => $.shell.tries.quorum, { count: tooMany, running: tooMany + needed - 1 })}
          </Button>
        )}
        <span>{t(($) => (lost ? $.shell.tries.restartHint : $.shell.tries.quorumHint))}</span>
      </li>
    </ol>
  )
}
