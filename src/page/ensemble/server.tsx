import { Play, Power } from 'lucide-react'
import { type CSSProperties, memo } from 'react'
import { useTranslation } from 'react-i18next'
import { hex64, type Zxid as ZxidNumber } from '../../core/wire/ids.ts'
import type { ServerPicture } from '../../trace/picture.ts'
import { heldVote } from '../ballot/held-vote.ts'
import { IconButton } from '../parts/button.tsx'
import { classes } from '../parts/classes.ts'
import { epochColour } from '../parts/epoch.ts'
import { RoleGlyph } from '../parts/role-glyph.tsx'
import { Zxid } from '../parts/zxid.tsx'
import { usePage, usePicture } from '../store/hooks.ts'
import type { ServerPlace, StageLayout } from './layout.ts'
import { CELL, LogStrip } from './log-strip.tsx'
import styles from './server.module.css'

interface ServerProps {
  readonly place: ServerPlace
  readonly layout: StageLayout
  readonly columns: readonly ZxidNumber[]
}

/** One server: its glyph, and a label with everything that it says of itself. */
export const Server = memo(function Server({ place, layout, columns }: ServerProps) {
  const { t } = useTranslation()
  const { sid } = place
  const server = usePicture((picture) => picture.servers.get(sid))
  const selected = usePage((page) => page.selected?.kind === 'server' && page.selected.sid === sid)
  const select = usePage((page) => page.select)
  const kill = usePage((page) => page.kill)
  const start = usePage((page) => page.start)
  if (server === undefined) return null
  const { radius } = layout
  const size = 2 * (radius + 6)
  const running = server.process === 'running'
  const slots = Math.floor((place.label.width - (layout.mode === 'side' ? 0 : 8)) / CELL.step)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is a part of a form; this is a thing on the stage
    <div
      role="group"
      aria-label={t(($) => $.stage.server, { sid })}
      className={styles.server}
      data-placed={place.labelled !== 'side' ? place.labelled : place.side === 1 ? 'right' : 'left'}
      data-detail={layout.detail}
      data-state={server.state}
    >
      <button
        type="button"
        className={styles.glyph}
        style={{ left: place.x - size / 2, top: place.y - size / 2, width: size, height: size }}
        aria-label={t(($) => $.stage.inspect, { sid })}
        aria-pressed={selected}
        onClick={() => select(selected ? undefined : { kind: 'server', sid })}
      >
        <svg width={size} height={size} viewBox={`${-size / 2} ${-size / 2} ${size} ${size}`} aria-hidden="true">
          <RoleGlyph role={server.state} epoch={server.currentEpoch} radius={radius - 2} sid={sid} />
        </svg>
      </button>
      <div
        // Where there is no room for words they are still spoken.
        className={layout.detail === 'bare' ? 'spoken' : styles.label}
        style={
          layout.detail === 'bare'
            ? undefined
            : { left: place.label.x, top: place.label.y, width: place.label.width, minHeight: place.label.height }
        }
      >
        <div className={styles.head}>
          <span className={styles.state}> {server.state} </span>
          {running ? (
            <IconButton
              label={t(($) => $.stage.kill, { sid })}
              size="small"
              className={styles.power}
              onClick={() => void kill(sid)}
            >
              <Power size={13} aria-hidden />
            </IconButton>
          ) : (
            <IconButton
              label={t(($) => $.stage.start, { sid })}
              size="small"
              className={styles.power}
              data-invites=""
              onClick={() => void start(sid)}
            >
              <Play size={13} aria-hidden />
            </IconButton>
          )}
        </div>
        <div className={styles.numbers}>
          {server.state !== 'STANDALONE' && (
            <span className={styles.epoch} style={{ '--epoch': epochColour(server.currentEpoch) } as CSSProperties}>
              {layout.detail === 'word' ? server.currentEpoch : t(($) => $.stage.epoch, { epoch: server.currentEpoch })}
            </span>
          )}{' '}
          <span className={styles.zxid}>
            {t(($) => $.stage.zxid)} <Zxid value={server.lastApplied} />
          </span>
        </div>{' '}
        <Line server={server} />{' '}
        {server.process !== 'halted' && (layout.detail === 'full' || layout.detail === 'short') && (
          <LogStrip server={server} columns={columns} slots={slots} />
        )}
      </div>
    </div>
  )
})

/** The line that says most about what it is doing now. */
function Line({ server }: { readonly server: ServerPicture }) {
  const { t } = useTranslation()
  const lastSyncing = usePicture((picture) =>
    server.state === 'LEADING' && server.zabState === 'SYNCHRONIZATION'
      ? [...picture.servers.values()].find(
          ({ sync, zabState }) => sync?.from === server.sid && zabState === 'SYNCHRONIZATION',
        )
      : undefined,
  )
  if (server.digestMismatch !== undefined)
    return (
      <p className={styles.wrong}>{t(($) => $.stage.digest, { zxid: hex64(server.digestMismatch as ZxidNumber) })}</p>
    )
  if (server.process !== 'running') {
    const reason = server.stopReason
    const text =
      server.process === 'halted'
        ? t(($) => $.stage.stopped, { reason: reason ?? '' })
        : reason === undefined
          ? t(($) => $.stage.notStarted)
          : reason === 'killed'
            ? t(($) => $.stage.killed)
            : reason
    return (
      <p className={server.process === 'halted' ? styles.wrong : styles.line} title={text}>
        {text}
      </p>
    )
  }
  if (server.state === 'STANDALONE') return <p className={styles.line}>{t(($) => $.stage.alone)}</p>
  const doing =
    server.state === 'LOOKING' || server.zabState === 'BROADCAST' || server.zabState === 'ELECTION'
      ? undefined
      : server.zabState === 'SYNCHRONIZATION' && server.sync !== undefined
        ? t(($) => $.stage.syncBy, { mode: server.sync?.mode })
        : lastSyncing?.sync !== undefined
          ? t(($) => $.stage.bringsUpToDate, { mode: lastSyncing.sync.mode, peer: lastSyncing.sid })
          : t(($) => $.stage.phase[server.zabState])
  const { vote } = heldVote(server)
  return (
    <p className={styles.line}>
      {doing ?? (
        <>
          <span className={styles.part}>
            {vote === undefined ? t(($) => $.stage.noVote) : t(($) => $.stage.vote, { leader: vote.leader })}
          </span>{' '}
          <span className={styles.part}>{t(($) => $.stage.round, { round: server.round })}</span>{' '}
          <span className={classes(styles.part, styles.who)}>
            {server.leader === undefined
              ? t(($) => $.stage.noLeader)
              : t(($) => $.stage.leader, { sid: server.leader })}
          </span>
        </>
      )}
    </p>
  )
}
