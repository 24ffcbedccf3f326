import type { ServerPicture } from '../../trace/picture.ts'

type Held = Pick<ServerPicture, 'vote' | 'voteReason'>

/** The vote that a server stands by. Whoever joins a running ensemble gives up its own proposal for the vote that others have
 *  settled on; the trace tells that as `elected`, without a change of the proposal. */
export function heldVote({ state, leader, vote, voteReason, ballot }: ServerPicture): Held {
  if (state === 'LOOKING' || leader === undefined || vote === undefined || vote.leader === leader)
    return { vote, voteReason }
  const settled = [...ballot].filter(
    ([, heard]) => heard.vote.leader === leader && heard.reason.why === 'leaderElected',
  )
  const [from, heard] = settled.find(([sid]) => sid === leader) ?? settled[0] ?? []
  if (from === undefined || heard === undefined) return { vote, voteReason }
  return { vote: heard.vote, voteReason: { reason: heard.reason, from, against: undefined } }
}
