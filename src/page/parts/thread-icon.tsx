import type { WatchKind } from '../../core/server/trace.ts'

/** A watch as the stage draws it: one that fires once is dashed, one that stays is a line, a recursive one has beads. */
export function ThreadIcon({ watch }: { readonly watch: WatchKind }) {
  const lasting = watch === 'persistent' || watch === 'persistentRecursive'
  return (
    <svg width={18} height={10} viewBox="0 0 18 10" aria-hidden="true" focusable="false">
      <path
        d="M1,8Q9,0 17,5"
        fill="none"
        stroke="var(--accent)"
        strokeWidth={1.5}
        strokeLinecap="round"
        strokeDasharray={lasting ? undefined : '3 3'}
      />
      {watch === 'persistentRecursive' &&
        [
          [3.5, 5.9],
          [9, 3.8],
          [14.5, 4],
        ].map(([cx, cy]) => <circle key={cx} cx={cx} cy={cy} r={2} fill="var(--accent)" />)}
    </svg>
  )
}
