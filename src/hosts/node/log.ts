/** What a server tells a person who watches it: a readable line on standard output for each change of state. */
import type { TraceSink } from '../../core/host.ts'
import type { CoreEvent } from '../../core/trace.ts'
import { hex64 } from '../../core/wire/ids.ts'

export type Level = 'INFO' | 'WARN' | 'ERROR'

/** Time in UTC, level, sentence. */
export function log(level: Level, sentence: string): void {
  process.stdout.write(`${new Date().toISOString()} ${level.padEnd(5)} ${sentence}\n`)
}

/** The trace as log lines. What comes with every txn and every message is not told. */
export class LogLines implements TraceSink {
  readonly off = true
  readonly #onHalted: (reason: string, file: string | undefined) => void

  /** `onHalted`: the server has stopped for good. */
  constructor(onHalted: (reason: string, file: string | undefined) => void) {
    this.#onHalted = onHalted
  }

  emit(event: CoreEvent): void {
    const sentence = sentenceOf(event)
    if (sentence !== undefined) log(event.kind === 'learnerLost' ? 'WARN' : 'INFO', sentence)
    if (event.kind === 'halted') this.#onHalted(event.reason, event.file)
  }
}

function sentenceOf(event: CoreEvent): string | undefined {
  switch (event.kind) {
    case 'recovered':
      return (
        `recovered to ${hex64(event.zxid)}: snapshot ${hex64(event.snapshotZxid)} and ${event.records} txns from the log, ` +
        `acceptedEpoch ${event.acceptedEpoch}, currentEpoch ${event.currentEpoch}${event.tornTail ? '; the last record was torn' : ''}`
      )
    case 'stateChanged':
      return `${event.from} -> ${event.to}: ${event.reason}`
    case 'elected':
      return `server ${event.leader} is elected in round ${event.round}, ${event.joined ? 'as a running ensemble says' : `voters ${event.voters.join(', ')}`}`
    case 'epochProposed':
      return `proposing epoch ${event.epoch} to servers ${event.from.join(', ')}`
    case 'syncStart':
      return `synchronizing server ${event.peer}, which is at ${hex64(event.peerZxid)}, by ${event.mode} to ${hex64(event.to)} (${event.reason}, ${event.proposals} proposals)`
    case 'syncReceived':
      return `the leader synchronizes this server by ${event.mode}, ${hex64(event.zxid)}`
    case 'truncated':
      return `the log is cut back to ${hex64(event.zxid)}`
    case 'snapInstalled':
      return `the leader's snapshot of ${hex64(event.zxid)} is installed`
    case 'established':
      return `epoch ${event.epoch} is established at ${hex64(event.zxid)} by servers ${event.ackers.join(', ')}`
    case 'learnerSynced':
      return `server ${event.peer} is up to date`
    case 'learnerLost':
      return `server ${event.peer} is lost: ${event.reason}`
    case 'serving':
      return `serving clients from ${hex64(event.zxid)} on`
    case 'readOnlyMode':
      return event.on
        ? `no leader: serving read-only clients up to ${hex64(event.zxid)}`
        : 'no longer serving read-only clients'
    case 'stopServing':
      return `no longer serving clients: ${event.reason}`
    case 'snapshotTaken':
      return `snapshot ${event.file} written, ${event.sizeBytes} bytes`
    case 'fileRemoved':
      return `file ${event.file} ${event.why}`
    case 'sessionClosing':
      return event.cause === 'expired' ? `session ${hex64(event.session)} has expired` : undefined
    default:
      return undefined
  }
}
