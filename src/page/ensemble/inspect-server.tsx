import { useTranslation } from 'react-i18next'
import { hex64, type Sid } from '../../core/wire/ids.ts'
import type { ServerPicture } from '../../trace/picture.ts'
import { Reason } from '../ballot/ballot.tsx'
import { heldVote } from '../ballot/held-vote.ts'
import { duration } from '../parts/duration.ts'
import { CopyableZxid } from '../parts/zxid.tsx'
import { usePicture } from '../store/hooks.ts'
import { Fact, Facts, Note } from './facts.tsx'
import { Timers } from './timers.tsx'

export function InspectServer({ sid }: { readonly sid: Sid }) {
  const { t } = useTranslation()
  const server = usePicture((picture) => picture.servers.get(sid))
  if (server === undefined) return <Note>{t(($) => $.inspector.gone)}</Note>
  const { vote, voteReason } = heldVote(server)
  return (
    <>
      <Trouble server={server} />
      <Facts>
        <Fact name={t(($) => $.inspector.role)}>{server.state}</Fact>
        <Fact name={t(($) => $.inspector.phase)}>{server.process === 'running' ? server.zabState : '—'}</Fact>
        <Fact name={t(($) => $.inspector.leader)}>{server.leader ?? t(($) => $.inspector.none)}</Fact>
        <Fact name={t(($) => $.inspector.serves)}>{t(($) => (server.serving ? $.inspector.yes : $.inspector.no))}</Fact>
      </Facts>
      {server.sync !== undefined && <Sync sync={server.sync} />}
      <Facts title={t(($) => $.inspector.zxids)}>
        <Fact name={t(($) => $.inspector.applied)}>
          <CopyableZxid value={server.lastApplied} />
        </Fact>
        <Fact name={t(($) => $.inspector.committed)}>
          <CopyableZxid value={server.lastCommitted} />
        </Fact>
        <Fact name={t(($) => $.inspector.durable)}>
          <CopyableZxid value={server.lastDurable} />
        </Fact>
        <Fact name={t(($) => $.inspector.logged)}>
          <CopyableZxid value={server.lastLogged} />
        </Fact>
      </Facts>
      <Facts title={t(($) => $.inspector.epochs)}>
        <Fact name={t(($) => $.inspector.accepted)}>{server.acceptedEpoch}</Fact>
        <Fact name={t(($) => $.inspector.current)}>{server.currentEpoch}</Fact>
      </Facts>
      <Facts title={t(($) => $.inspector.election)}>
        <Fact name={t(($) => $.inspector.round)}>{server.round}</Fact>
        <Fact name={t(($) => $.inspector.vote)}>
          {vote === undefined
            ? t(($) => $.inspector.none)
            : t(($) => $.inspector.voteText, {
                leader: vote.leader,
                epoch: vote.peerEpoch,
                round: vote.electionEpoch,
              })}
        </Fact>
        {vote !== undefined && voteReason !== undefined && (
          <Fact name={t(($) => $.inspector.why)}>
            <Reason reason={voteReason.reason} vote={vote} against={voteReason.against} />
          </Fact>
        )}
      </Facts>
      <Timers timers={server.timers} />
      <Sessions server={server} />
    </>
  )
}

function Trouble({ server }: { readonly server: ServerPicture }) {
  const { t } = useTranslation()
  const reason = server.stopReason
  return (
    <>
      {server.process === 'halted' && <Note wrong>{t(($) => $.inspector.halted, { reason: reason ?? '' })}</Note>}
      {server.process === 'stopped' && (
        <Note>
          {reason === undefined
            ? t(($) => $.inspector.notStarted)
            : reason === 'killed'
              ? t(($) => $.inspector.killed)
              : reason}
        </Note>
      )}
      {server.damagedFile !== undefined && (
        <Note wrong>{t(($) => $.inspector.damaged, { file: server.damagedFile })}</Note>
      )}
      {server.digestMismatch !== undefined && (
        <Note wrong>{t(($) => $.inspector.digest, { zxid: hex64(server.digestMismatch) })}</Note>
      )}
    </>
  )
}

function Sync({ sync }: { readonly sync: NonNullable<ServerPicture['sync']> }) {
  const { t } = useTranslation()
  return (
    <>
      <Facts title={t(($) => $.inspector.sync)}>
        <Fact name={t(($) => $.inspector.syncMode, { mode: sync.mode, from: sync.from })}>{null}</Fact>
        <Fact name={t(($) => $.inspector.syncFrom)}>
          <CopyableZxid value={sync.peerZxid} />
        </Fact>
        <Fact name={t(($) => $.inspector.syncRange)}>
          <CopyableZxid value={sync.to} />
        </Fact>
      </Facts>
      <Note>{t(($) => $.inspector.reasons[sync.reason])}</Note>
    </>
  )
}

function Sessions({ server }: { readonly server: ServerPicture }) {
  const { t } = useTranslation()
  const timeout = (ms: number) => t(($) => $.inspector.timeout, { time: duration(ms * 1000) })
  return (
    <>
      {server.attached.size > 0 && (
        <Facts title={`${t(($) => $.inspector.sessions)}, ${t(($) => $.inspector.attached)}`}>
          {[...server.attached].map(([session, { timeoutMs }]) => (
            <Fact key={String(session)} name={hex64(session)}>
              {timeout(timeoutMs)}
            </Fact>
          ))}
        </Facts>
      )}
      {server.sessions.size > 0 && (
        <Facts title={`${t(($) => $.inspector.sessions)}, ${t(($) => $.inspector.known)}`}>
          {[...server.sessions].map(([session, timeoutMs]) => (
            <Fact key={String(session)} name={hex64(session)}>
              {timeout(timeoutMs)}
            </Fact>
          ))}
        </Facts>
      )}
      {server.watches.length > 0 && (
        <Facts title={t(($) => $.inspector.watches)}>
          {server.watches.map(({ session, path, watch }) => (
            <Fact key={`${session} ${path} ${watch}`} name={path}>
              {watch}
            </Fact>
          ))}
        </Facts>
      )}
    </>
  )
}
