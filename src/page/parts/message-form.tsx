/** Each type of message has its own form. The outlines are SVG path data around (0, 0), so that canvas, legend and strip draw the same. */
import type { MessageNote } from '../../core/host.ts'

export type Form = 'vote' | 'proposal' | 'ack' | 'commit' | 'ping' | 'block' | 'slip' | 'request' | 'reply' | 'event'

interface Outline {
  readonly path: string
  /** line: only stroked. hollow: stroked on paper. solid: filled. */
  readonly look: 'line' | 'hollow' | 'solid'
}

export const outlines: { readonly [form in Form]: Outline } = {
  // a ballot square; on the stage it carries the number it votes for
  vote: { path: 'M-6.5,-6.5H6.5V6.5H-6.5Z', look: 'hollow' },
  proposal: { path: 'M0,-7L6.8,5.2H-6.8Z', look: 'solid' },
  ack: { path: 'M-5.5,0.5L-1.8,4.6L6,-4.6', look: 'line' },
  commit: { path: 'M5.4,0A5.4,5.4 0 1 1 -5.4,0A5.4,5.4 0 1 1 5.4,0Z', look: 'solid' },
  ping: { path: 'M1.6,0A1.6,1.6 0 1 1 -1.6,0A1.6,1.6 0 1 1 1.6,0Z', look: 'solid' },
  block: { path: 'M-6,-6H6V6H-6Z', look: 'solid' },
  // what the handshakes say: FOLLOWERINFO, LEADERINFO, ACKEPOCH, NEWLEADER, UPTODATE …
  slip: { path: 'M-7,-3.6H3.8L7,0L3.8,3.6H-7Z', look: 'hollow' },
  request: { path: 'M0,-7L7,0L0,7L-7,0Z', look: 'solid' },
  reply: { path: 'M0,-6.4L6.4,0L0,6.4L-6.4,0Z', look: 'hollow' },
  event: { path: 'M0,-8.5L1.9,-1.9L8.5,0L1.9,1.9L0,8.5L-1.9,1.9L-8.5,0L-1.9,-1.9Z', look: 'solid' },
}

/** Order of the legend and of the strip: an election, a write, the rest. */
export const forms: readonly Form[] = [
  'vote',
  'slip',
  'block',
  'request',
  'proposal',
  'ack',
  'commit',
  'reply',
  'event',
  'ping',
]

const quorumForms: { readonly [type: string]: Form } = {
  PROPOSAL: 'proposal',
  ACK: 'ack',
  COMMIT: 'commit',
  INFORM: 'commit',
  COMMITANDACTIVATE: 'commit',
  INFORMANDACTIVATE: 'commit',
  PING: 'ping',
  DIFF: 'block',
  TRUNC: 'block',
  SNAP: 'block',
  REQUEST: 'request',
}

/** @param fromServer a reply or a watch event, not a request. */
export function formOf(note: MessageNote, fromServer: boolean): Form {
  switch (note.protocol) {
    case 'election':
      return note.type === 'NOTIFICATION' ? 'vote' : 'slip'
    case 'quorum':
      if (note.quiet === true) return 'ping'
      return quorumForms[note.type] ?? (/snap/i.test(note.type) ? 'block' : 'slip')
    case 'client':
      if (note.quiet === true) return 'ping'
      if (!fromServer) return 'request'
      return /watch|event/i.test(note.type) ? 'event' : 'reply'
  }
}

/** A block is as large as what it carries: 1 for a bare packet, 2.4 from about a megabyte on. */
export function blockScale(sizeBytes: number): number {
  return Math.min(2.4, 1 + Math.log10(1 + sizeBytes / 256) * 0.4)
}

interface FormIconProps {
  readonly form: Form
  readonly size?: number
  readonly colour?: string
}

export function FormIcon({ form, size = 14, colour = 'currentcolor' }: FormIconProps) {
  const { path, look } = outlines[form]
  return (
    <svg width={size} height={size} viewBox="-9 -9 18 18" aria-hidden="true" focusable="false">
      <path
        d={path}
        // A speck on the stage, but to be found in a list.
        transform={form === 'ping' ? 'scale(1.7)' : undefined}
        fill={look === 'solid' ? colour : look === 'hollow' ? 'var(--raised)' : 'none'}
        stroke={look === 'solid' ? 'none' : colour}
        strokeWidth={look === 'line' ? 2.4 : 1.8}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
