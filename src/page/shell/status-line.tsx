import { useTranslation } from 'react-i18next'
import type { Picture } from '../../trace/picture.ts'
import { Zxid } from '../parts/zxid.tsx'
import { useJudgement, usePage, usePicture } from '../store/hooks.ts'
import { type Status, statusOf } from './status.ts'
import styles from './status-line.module.css'

const selectStatus = (picture: Picture) => statusOf(picture)
const selectServing = (picture: Picture) => [...picture.servers.values()].filter(({ serving }) => serving).length
const selectCount = (picture: Picture) => picture.servers.size
const selectHalted = (picture: Picture) =>
  [...picture.servers.values()].filter(({ process }) => process === 'halted').length
const selectCommitted = (picture: Picture) => picture.lastCommitted

/** One sentence about the whole, for eyes and for screen readers, and the numbers that go with it. */
export function StatusLine() {
  const { t } = useTranslation()
  const status = usePicture(selectStatus)
  const serving = usePicture(selectServing)
  const servers = usePicture(selectCount)
  const halted = usePicture(selectHalted)
  const committed = usePicture(selectCommitted)
  const inMemory = usePage((page) => page.storage === 'memory')
  const sentence = useSentence()
  const broken = useJudgement().breaches[0]?.title
  return (
    <div className={styles.line} data-kind={status.kind}>
      {/* The only element with this role: what else wants to be announced is a log, or aria-live. */}
      <p role="status" className={styles.sentence}>
        {broken !== undefined && (
          <strong className={styles.wrong}>{t(($) => $.shell.status.broken, { property: broken })} </strong>
        )}
        {sentence(status, servers)}
      </p>
      <ul className={styles.facts}>
        <li>{t(($) => $.shell.facts.serving, { serving, servers })}</li>
        {committed > 0n && (
          <li>
            {t(($) => $.shell.facts.committed)} <Zxid value={committed} />
          </li>
        )}
        {halted > 0 && <li className={styles.wrong}>{t(($) => $.shell.facts.damaged, { count: halted })}</li>}
        {inMemory && <li>{t(($) => $.shell.facts.memory)}</li>}
      </ul>
    </div>
  )
}

function useSentence(): (status: Status, servers: number) => string {
  const { t } = useTranslation()
  return (status, servers) => {
    switch (status.kind) {
      case 'starting':
        return t(($) => $.shell.status.starting, { count: servers })
      case 'leads':
        return t(($) => $.shell.status.leads, { sid: status.sid, epoch: status.epoch })
      case 'standalone':
        return t(($) => $.shell.status.standalone, { sid: status.sid })
      case 'synchronizing':
        return t(($) => $.shell.status.synchronizing, { sid: status.sid })
      case 'electing':
        return t(($) => $.shell.status.electing)
      case 'quorumLost':
        return t(($) => $.shell.status.quorumLost, {
          running: status.running,
          servers: status.servers,
          needed: status.needed,
        })
      case 'allStopped':
        return t(($) => $.shell.status.allStopped)
    }
  }
}
