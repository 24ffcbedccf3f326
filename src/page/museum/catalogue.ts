/** The museum's pieces as they are listed: what is broken in the recording, and under which numbers ZooKeeper's tracker knows
 *  it. How they are run stands in hosts/sim/exhibits.ts; a test holds the two together. */
export const exhibits = [
  { name: 'ack-before-history', issues: [3023, 3911, 4646], breaks: 'S-1' },
  { name: 'epoch-before-history', issues: [4643, 4785], breaks: 'E-4' },
  { name: 'diff-by-number', issues: [1154], breaks: 'S-5' },
  { name: 'retained-database', issues: [2845], breaks: 'S-4' },
  { name: 'trunc-keeps-snapshot', issues: [4837], breaks: 'S-2' },
  { name: 'snapshot-before-quorum', issues: [1549], breaks: 'D-5' },
  { name: 'snap-keeps-log', issues: [2832], breaks: 'S-3' },
  { name: 'interrupted-snap', issues: [3642], breaks: 'S-4' },
  { name: 'snapshot-behind-its-label', issues: [3104], breaks: 'D-5' },
  { name: 'hole-in-the-window', issues: [4925], breaks: 'S-5' },
  { name: 'counter-carries', issues: [1277], breaks: 'Z-11' },
  { name: 'temporary-error-forgiven', issues: [4882], breaks: 'D-9' },
  { name: 'full-disk-ignored', issues: [2247, 3701], breaks: 'D-1' },
  { name: 'close-missed-in-sync', issues: [2355], breaks: 'D-7' },
  { name: 'close-leaves-pzxid', issues: [3145], breaks: 'D-7' },
  { name: 'sessions-of-another-instant', issues: [3144], breaks: 'X-1' },
  { name: 'multi-in-two-steps', issues: [3127], breaks: 'T-7' },
  { name: 'wiped-disk-votes', issues: [261], breaks: 'D-12' },
  { name: 'log-queue-survives', issues: [4712], breaks: 'S-4' },
] as const

export type PieceName = (typeof exhibits)[number]['name']

export const isPiece = (name: string): name is PieceName => exhibits.some((each) => each.name === name)
