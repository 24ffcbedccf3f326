/** One sentence for each trace event: a key of the catalogue (namespace `trace`) and what goes into it. */
import type { VoteReason, VoteView } from '../core/election/trace.ts'
import type { TraceEvent } from '../core/trace.ts'
import { errorMessage, packetName } from '../core/wire/codes.ts'
import { hex64 } from '../core/wire/ids.ts'

export interface Words {
  readonly key: string
  readonly params: Readonly<Record<string, string | number>>
  /** Stations to be named in the reader's language: `who` does it, `peer` is the other one. */
  readonly stations: { readonly who: number; readonly peer?: number }
  /** Words in the words: why a vote was chosen. */
  readonly why?: { readonly key: string; readonly params: Words['params'] }
}

/** What an event is about: the filters of the event list. */
export const GROUPS = ['process', 'election', 'zab', 'disk', 'client', 'watch', 'message', 'other'] as const
export type Group = (typeof GROUPS)[number]

export function groupOf(event: TraceEvent): Group {
  switch (event.kind) {
    case 'started':
    case 'killed':
    case 'action':
    case 'crashed':
    case 'halted':
    case 'paused':
    case 'resumed':
    case 'stateChanged':
    case 'readOnlyMode':
    case 'configured':
    case 'configProposed':
    case 'configActivated':
    case 'designated':
      return 'process'
    case 'roundStarted':
    case 'roundJoined':
    case 'vote':
    case 'notification':
    case 'quorumForVote':
    case 'finalizeInterrupted':
    case 'elected':
      return 'election'
    case 'zabState':
    case 'epochProposed':
    case 'epochAccepted':
    case 'epochCurrent':
    case 'syncStart':
    case 'syncReceived':
    case 'truncated':
    case 'snapInstalled':
    case 'newLeaderAck':
    case 'established':
    case 'serving':
    case 'stopServing':
    case 'proposed':
    case 'ackCounted':
    case 'committed':
    case 'applied':
    case 'quotaExceeded':
    case 'containerDue':
    case 'learnerLost':
    case 'learnerSynced':
      return 'zab'
    case 'recovered':
    case 'treeLoaded':
    case 'logged':
    case 'durable':
    case 'snapshotTaken':
    case 'fileRemoved':
    case 'diskChanged':
    case 'diskSynced':
    case 'diskDamaged':
    case 'diskFailed':
      return 'disk'
    case 'sessionCreated':
    case 'sessionClosing':
    case 'sessionClosed':
    case 'sessionAttached':
    case 'sessionDetached':
    case 'request':
    case 'reply':
    case 'clientState':
    case 'invoked':
    case 'answered':
    case 'requestLost':
    case 'printed':
      return 'client'
    case 'watchSet':
    case 'watchFired':
    case 'watchRemoved':
    case 'watchRegistered':
    case 'watchDelivered':
      return 'watch'
    case 'message':
      return 'message'
    default:
      return 'other'
  }
}

/** What happens all the time and changes little: not listed unless asked for, not worth a step of its own. */
export function isQuiet(event: TraceEvent): boolean {
  switch (event.kind) {
    case 'message':
      return event.note.quiet === true
    case 'request':
    case 'reply':
      return event.op === 'ping'
    case 'action':
      return event.command.startsWith('complete ')
    case 'disconnected':
      return event.cause !== 'reset' && event.cause !== 'unreachable'
    case 'timerSet':
    case 'timerEnded':
    case 'traffic':
    case 'connecting':
    case 'connected':
    case 'configured':
    case 'treeLoaded':
    case 'watchRegistered':
    case 'printed':
    case 'diskChanged':
    case 'diskSynced':
    case 'frameSent':
    case 'frameCame':
    case 'packetsSent':
    case 'votesSent':
    case 'touchesCame':
    case 'requestsSent':
    case 'repliesCame':
      return true
    default:
      return false
  }
}

const sids = (list: readonly number[]): string => list.join(', ')

export function wordsOf(event: TraceEvent): Words {
  const who = event.station
  const say = (params: Words['params'] = {}, peer?: number, key: string = event.kind): Words => ({
    key,
    params,
    stations: peer === undefined ? { who } : { who, peer },
  })
  switch (event.kind) {
    case 'started':
      return say({ incarnation: event.incarnation }, undefined, event.incarnation > 1 ? 'startedAgain' : 'started')
    case 'killed':
    case 'paused':
    case 'resumed':
    case 'configured':
    case 'finalizeInterrupted':
    case 'learnerSynced':
      return say({}, 'by' in event ? event.by : 'peer' in event ? event.peer : undefined)
    case 'configProposed':
    case 'configActivated':
      return say({ voters: sids(event.voters), version: hex64(event.version) })
    case 'designated':
      return say({}, event.leader, event.leader === who ? 'designatedSelf' : 'designated')
    case 'quotaExceeded': {
      const { path, what, value, limit, hard } = event
      return say({ path, what, value, limit }, undefined, hard ? 'quotaRefused' : 'quotaExceeded')
    }
    case 'containerDue':
      return say({ path: event.path }, undefined, `containerDue_${event.why}`)
    case 'action':
      return say({ command: event.command })
    case 'message': {
      const { type, zxid } = event.note
      if (zxid === undefined) return say({ type }, event.to)
      return say({ type, zxid: hex64(zxid) }, event.to, 'messageAbout')
    }
    case 'connecting':
    case 'connected':
      return say({ port: event.port }, event.to)
    case 'disconnected':
      return say({ cause: event.cause }, event.to)
    case 'malformed':
      return say({ reason: event.reason }, event.from)
    case 'timerSet':
      return say({ name: event.note.name, ms: (event.dueAt - event.at) / 1000 })
    case 'timerEnded':
      return say({ timer: event.timer }, undefined, event.fired ? 'timerFired' : 'timerCancelled')
    case 'crashed':
      return say({ reason: event.reason })
    case 'released':
      return say({ count: event.messages.length }, event.to)
    case 'diskChanged':
      return say({ file: event.path, how: event.how, sizeBytes: event.sizeBytes })
    case 'diskSynced':
      return say()
    case 'diskDamaged':
      return say({ files: event.files.map(({ path }) => path).join(', ') }, undefined, `diskDamaged_${event.cause}`)
    case 'frameSent':
    case 'frameCame':
      return say({ sizeBytes: event.sizeBytes }, event.peer)
    case 'diskFailed':
      return say({}, undefined, `diskFailed_${event.code}`)
    case 'packetsSent':
      return say({ packets: event.packets.map(({ type }) => packetName(type)).join(', ') }, event.to)
    case 'votesSent':
      return say({ count: event.votes.length }, event.to)
    case 'touchesCame':
      return say({ count: event.sessions?.length ?? 1 }, event.from)
    case 'requestsSent':
    case 'repliesCame':
      return say({ count: event.frames.length }, event.server)
    case 'traffic':
      return say({ count: Object.values(event.counts).reduce((sum, count) => sum + count, 0) })

    case 'roundStarted':
      return say({ round: event.round })
    case 'roundJoined':
      return say({ round: event.round }, event.from)
    case 'vote':
      return { ...say({ leader: event.vote.leader }), why: reasonWords(event.reason, event.vote, event.against) }
    case 'notification':
      return {
        ...say(
          { leader: event.vote.leader, state: event.state },
          event.from,
          event.counted ? 'voteCounted' : 'voteHeard',
        ),
        why: reasonWords(event.reason, event.vote, undefined),
      }
    case 'quorumForVote':
      return say({ leader: event.leader, voters: sids(event.voters) })
    case 'elected':
      return say({ leader: event.leader, voters: sids(event.voters) }, event.leader, electedKey(event))

    case 'zabState':
      return say({ to: event.to })
    case 'epochProposed':
      return say({ epoch: event.epoch, from: sids(event.from) })
    case 'epochAccepted':
    case 'epochCurrent':
      return say({ epoch: event.epoch })
    case 'syncStart': {
      const { mode, proposals } = event
      const params = { mode, proposals, peerZxid: hex64(event.peerZxid), to: hex64(event.to) }
      return { ...say(params, event.peer), why: { key: `sync_${event.reason}`, params } }
    }
    case 'syncReceived':
      return say({ mode: event.mode, zxid: hex64(event.zxid) })
    case 'truncated':
    case 'snapInstalled':
    case 'serving':
    case 'treeLoaded':
    case 'durable':
      return say({ zxid: hex64(event.zxid) })
    case 'newLeaderAck':
      return say({ epoch: event.epoch, zxid: hex64(event.zxid) })
    case 'established':
      return say({ epoch: event.epoch, ackers: sids(event.ackers) })
    case 'stopServing':
      return say({ reason: event.reason })
    case 'proposed': {
      const { type, path } = event
      return say(
        { zxid: hex64(event.zxid), type, path: path ?? '' },
        undefined,
        path === undefined ? 'proposed' : 'proposedPath',
      )
    }
    case 'ackCounted':
      return say(
        { zxid: hex64(event.zxid), acks: event.acks },
        event.from,
        event.from === who ? 'ackCountedOwn' : 'ackCounted',
      )
    case 'committed':
      return say({ zxid: hex64(event.zxid), ackers: sids(event.ackers) })
    case 'learnerLost':
      return say({ reason: event.reason }, event.peer)

    case 'recovered': {
      const { records, currentEpoch } = event
      const params = { zxid: hex64(event.zxid), records, epoch: currentEpoch }
      return say(
        params,
        undefined,
        event.tornTail ? 'recoveredTorn' : event.zxid === 0n ? 'recoveredEmpty' : 'recovered',
      )
    }
    case 'logged':
      return say({ zxid: hex64(event.zxid), file: event.file, sizeBytes: event.sizeBytes })
    case 'snapshotTaken':
      return say({ zxid: hex64(event.zxid), file: event.file, sizeBytes: event.sizeBytes })
    case 'fileRemoved':
      return say({ file: event.file }, undefined, event.why === 'purged' ? 'filePurged' : 'fileCut')

    case 'stateChanged':
      return say(
        { from: event.from, to: event.to, reason: event.reason },
        undefined,
        event.reason === '' ? 'stateChanged' : 'stateChangedWhy',
      )
    case 'readOnlyMode':
      return say({ zxid: hex64(event.zxid) }, undefined, event.on ? 'readOnlyBegins' : 'readOnlyEnds')
    case 'halted':
      return say(
        { reason: event.reason, file: event.file ?? '' },
        undefined,
        event.file === undefined ? 'halted' : 'haltedFile',
      )
    case 'applied':
      return say({ zxid: hex64(event.zxid) }, undefined, event.phase === 'sync' ? 'appliedSync' : 'applied')
    case 'sessionCreated':
      return say({ session: hex64(event.session), seconds: event.timeoutMs / 1000 })
    case 'sessionClosing':
      return say(
        { session: hex64(event.session) },
        undefined,
        event.cause === 'expired' ? 'sessionExpired' : 'sessionClosing',
      )
    case 'sessionClosed':
    case 'sessionDetached':
      return say({ session: hex64(event.session) })
    case 'sessionAttached':
      return say({ session: hex64(event.session), seconds: event.timeoutMs / 1000 })
    case 'watchSet':
      return say({ session: hex64(event.session), path: event.path, watch: event.watch })
    case 'watchFired':
      return say({ session: hex64(event.session), path: event.eventPath, watch: event.watch, event: event.event })
    case 'watchRemoved':
      return say({ session: hex64(event.session), path: event.path, watch: event.watch })
    case 'request':
      return say({ op: event.op, path: event.path ?? '', session: hex64(event.session) })
    case 'reply':
      return say(
        { op: event.op, session: hex64(event.session), error: errorMessage(event.err) },
        undefined,
        event.err === 0 ? 'reply' : 'replyError',
      )

    case 'clientState':
      return say(
        { to: event.to, server: event.server ?? '' },
        undefined,
        event.server === undefined ? 'clientState' : 'clientStateAt',
      )
    case 'invoked':
      return say({ op: event.op, path: event.path ?? '' })
    case 'answered':
      return say(
        { op: event.op, error: errorMessage(event.err) },
        undefined,
        event.err === 0 ? 'answered' : 'answeredError',
      )
    case 'requestLost':
      return say({ op: event.op })
    case 'watchRegistered':
      return say({ path: event.path, watch: event.watch })
    case 'watchDelivered':
      return say({ event: event.event, path: event.path ?? '' })
    case 'printed':
      return say({ text: event.text }, undefined, event.stream === 'in' ? 'typed' : 'printed')
  }
}

function electedKey(event: Extract<TraceEvent, { kind: 'elected' }>): string {
  if (event.joined) return 'electedJoined'
  return event.leader === event.station ? 'electedSelf' : 'elected'
}

/** Why a vote beats the one held before it (`against`), or does not: "same epoch, same zxid, 3 > 2". */
export function reasonWords(
  reason: VoteReason,
  vote: VoteView,
  against: VoteView | undefined,
): { readonly key: string; readonly params: Words['params'] } {
  if (against === undefined) return { key: `why_${reason.why}`, params: { leader: vote.leader } }
  switch (reason.why) {
    case 'higherEpoch':
    case 'lowerEpoch':
      return { key: `why_${reason.why}_than`, params: { theirs: vote.peerEpoch, mine: against.peerEpoch } }
    case 'higherZxid':
    case 'lowerZxid':
      return { key: `why_${reason.why}_than`, params: { theirs: hex64(vote.zxid), mine: hex64(against.zxid) } }
    case 'higherSid':
    case 'lowerSid':
      return { key: `why_${reason.why}_than`, params: { theirs: vote.leader, mine: against.leader } }
    default:
      return { key: `why_${reason.why}`, params: { leader: vote.leader } }
  }
}
