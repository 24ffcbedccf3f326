import { type CSSProperties, memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Picture } from '../../trace/picture.ts'
import { epochColour } from '../parts/epoch.ts'
import { Zxid } from '../parts/zxid.tsx'
import { majority, statusOf } from '../shell/status.ts'
import { usePicture } from '../store/hooks.ts'
import type { StageLayout } from './layout.ts'
import styles from './middle.module.css'

const selectStatus = (picture: Picture) => statusOf(picture)
const selectCommitted = (picture: Picture) => picture.lastCommitted
/** The candidate with most votes among those who look for a leader. */
const selectFavourite = (picture: Picture) => {
  const votes = new Map<number, number>()
  for (const { state, vote } of picture.servers.values())
    if (state === 'LOOKING' && vote !== undefined) votes.set(vote.leader, (votes.get(vote.leader) ?? 0) + 1)
  const [leader, count] = [...votes].sort((a, b) => b[1] - a[1])[0] ?? []
  return { leader, count }
}

/** The oldest write that waits for a quorum, and how far it is. */
const selectPending = (picture: Picture) => {
  const leader = picture.leader === undefined ? undefined : picture.servers.get(picture.leader)
  const entry = leader?.log.find(({ stage }) => stage !== 'committed')
  return { zxid: entry?.zxid, acks: entry?.acks.length ?? 0, needed: majority(picture.servers.size) }
}

/** In the middle of the ring: what all of them have in common. The status sentence says it to screen readers. */
export const Middle = memo(function Middle({ layout }: { readonly layout: StageLayout }) {
  const { t } = useTranslation()
  const status = usePicture(selectStatus)
  const committed = usePicture(selectCommitted)
  const favourite = usePicture(selectFavourite)
  const pending = usePicture(selectPending)
  if (layout.middle === undefined) return null
  return (
    <div
      className={styles.middle}
      style={{ left: layout.middle.x, top: layout.middle.y }}
      data-mode={layout.mode}
      aria-hidden="true"
    >
      {status.kind === 'leads' && (
        <>
          <span className={styles.over}>{t(($) => $.stage.middle.epoch)}</span>
          <span className={styles.number} style={{ '--epoch': epochColour(status.epoch) } as CSSProperties}>
            {status.epoch}
          </span>
          {pending.zxid !== undefined ? (
            <span className={styles.under} data-lively="">
              <Zxid value={pending.zxid} />{' '}
              {t(($) => $.stage.middle.acks, { acks: pending.acks, needed: pending.needed })}
            </span>
          ) : (
            committed > 0n && (
              <span className={styles.under}>
                {t(($) => $.stage.middle.committed)} <Zxid value={committed} />
              </span>
            )
          )}
        </>
      )}
      {status.kind === 'standalone' && (
        <>
          <span className={styles.word}>{t(($) => $.stage.middle.standalone)}</span>
          {committed > 0n && (
            <span className={styles.under}>
              {t(($) => $.stage.middle.committed)} <Zxid value={committed} />
            </span>
          )}
        </>
      )}
      {status.kind === 'synchronizing' && (
        <>
          <span className={styles.word}>{t(($) => $.stage.middle.synchronizing)}</span>
          <span className={styles.under}>{t(($) => $.stage.middle.next, { epoch: status.epoch })}</span>
        </>
      )}
      {status.kind === 'electing' && (
        <>
          <span className={styles.word}>{t(($) => $.stage.middle.electing)}</span>
          {favourite.leader !== undefined && favourite.count !== undefined && (
            <span className={styles.under}>
              {t(($) => $.stage.middle.votes, { count: favourite.count, leader: favourite.leader })}
            </span>
          )}
        </>
      )}
      {status.kind === 'quorumLost' && (
        <>
          <span className={styles.word}>{t(($) => $.stage.middle.noQuorum)}</span>
          <span className={styles.under}>{t(($) => $.stage.middle.running, status)}</span>
        </>
      )}
      {status.kind === 'starting' && <span className={styles.word}>{t(($) => $.stage.middle.starting)}</span>}
    </div>
  )
})
