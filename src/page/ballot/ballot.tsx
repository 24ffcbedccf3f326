import { useTranslation } from 'react-i18next'
import type { VoteReason, VoteView } from '../../core/election/trace.ts'
import { hex64 } from '../../core/wire/ids.ts'
import type { Picture, ServerPicture } from '../../trace/picture.ts'
import { RoleIcon } from '../parts/role-glyph.tsx'
import { Zxid } from '../parts/zxid.tsx'
import { usePage, usePicture } from '../store/hooks.ts'
import styles from './ballot.module.css'
import { heldVote } from './held-vote.ts'
import { reasonWords } from './reason.ts'

const selectServers = (picture: Picture) => [...picture.servers.values()]

/** Fast leader election as a table: each server's vote, whose votes it has heard, and why it votes so. */
export function Ballot() {
  const { t } = useTranslation()
  const servers = usePicture(selectServers)
  const sids = servers.map(({ sid }) => sid)
  return (
    <table className={styles.ballot} aria-label={t(($) => $.ballot.name)}>
      <thead>
        <tr>
          <th scope="col">{t(($) => $.ballot.server)}</th>
          <th scope="col">{t(($) => $.ballot.vote)}</th>
          <th scope="col">{t(($) => $.ballot.zxid)}</th>
          <th scope="col">{t(($) => $.ballot.epoch)}</th>
          <th scope="col">{t(($) => $.ballot.round)}</th>
          <th scope="col">
            <span className={styles.sids}>
              <span className={styles.heard}>{t(($) => $.ballot.heard)}</span>
              {sids.map((sid) => (
                <span key={sid}>{sid}</span>
              ))}
            </span>
          </th>
          <th scope="col" className={styles.why}>
            {t(($) => $.ballot.why)}
          </th>
        </tr>
      </thead>
      <tbody>
        {servers.map((server) => (
          <Row key={server.sid} server={server} sids={sids} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ server, sids }: { readonly server: ServerPicture; readonly sids: readonly number[] }) {
  const { t } = useTranslation()
  const selected = usePage((page) => page.selected?.kind === 'server' && page.selected.sid === server.sid)
  const { vote, voteReason } = heldVote(server)
  const none = <span className={styles.none}>{t(($) => $.ballot.none)}</span>
  return (
    <tr className={styles.row} data-selected={selected} data-state={server.state}>
      <th scope="row" className={styles.sid}>
        <RoleIcon role={server.state} epoch={server.currentEpoch} size={15} />
        {server.sid}
      </th>
      <td>{vote === undefined ? none : <b className={styles.vote}>{vote.leader}</b>}</td>
      <td>{vote === undefined ? none : <Zxid value={vote.zxid} />}</td>
      <td className={styles.number}>{vote === undefined ? none : vote.peerEpoch}</td>
      <td className={styles.number}>{vote === undefined ? none : vote.electionEpoch}</td>
      <td>
        <span className={styles.sids}>
          <span />
          {sids.map((from) => (
            <Heard key={from} server={server} from={from} own={vote?.leader} />
          ))}
        </span>
      </td>
      <td className={styles.why}>
        {vote === undefined || voteReason === undefined ? null : (
          <>
            <Reason reason={voteReason.reason} vote={vote} against={voteReason.against} />
            {voteReason.from !== server.sid && (
              <span className={styles.from}> {t(($) => $.ballot.from, { from: voteReason.from })}</span>
            )}
          </>
        )}
        {server.state === 'LOOKING' && server.quorumForVote !== undefined && vote !== undefined && (
          <span className={styles.quorum}>{t(($) => $.ballot.quorum, { leader: vote.leader })}</span>
        )}
      </td>
    </tr>
  )
}

interface HeardProps {
  readonly server: ServerPicture
  readonly from: number
  /** Whom the server votes for itself. */
  readonly own: number | undefined
}

/** The ballot that `server` holds from `from`: whom it names. Not counted is dotted. */
function Heard({ server, from, own }: HeardProps) {
  const { t } = useTranslation()
  const reason = useReason()
  const heard = server.ballot.get(from)
  if (heard === undefined) return <span className={styles.unheard} title={t(($) => $.ballot.heardNothing, { from })} />
  const { vote } = heard
  const title = t(($) => $.ballot.heardVote, {
    from,
    leader: vote.leader,
    zxid: hex64(vote.zxid),
    epoch: vote.peerEpoch,
    round: vote.electionEpoch,
    why: `${reason(heard.reason, vote, undefined)}, ${t(($) => (heard.counted ? $.ballot.counted : $.ballot.notCounted))}`,
  })
  return (
    <span className={styles.slip} data-counted={heard.counted} data-agrees={vote.leader === own} title={title}>
      {vote.leader}
    </span>
  )
}

/** Words of a reason, for texts that are no elements. */
export function useReason(): (reason: VoteReason, vote: VoteView, against: VoteView | undefined) => string {
  const { t } = useTranslation()
  return (reason, vote, against) => {
    const { key, ...values } = reasonWords(reason, vote, against)
    return t(($) => $.ballot.reason[key], values)
  }
}

interface ReasonProps {
  readonly reason: VoteReason
  readonly vote: VoteView
  readonly against: VoteView | undefined
}

export function Reason({ reason, vote, against }: ReasonProps) {
  return useReason()(reason, vote, against)
}
