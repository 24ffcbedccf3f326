import type { ServerPicture } from '../../trace/picture.ts'
import { epochColour } from './epoch.ts'

export type Role = ServerPicture['state']

interface RoleGlyphProps {
  readonly role: Role
  readonly epoch: number
  readonly radius: number
  /** Printed inside. */
  readonly sid?: number | undefined
}

/** Corners of a hexagon standing on a point. */
export function hexagon(radius: number): string {
  const corners = Array.from({ length: 6 }, (_, i) => {
    const angle = (i * Math.PI) / 3 - Math.PI / 2
    return `${(radius * Math.cos(angle)).toFixed(2)},${(radius * Math.sin(angle)).toFixed(2)}`
  })
  return corners.join(' ')
}

/** A role as a shape around (0, 0): LOOKING a dashed circle, FOLLOWING a circle, LEADING a filled hexagon, OBSERVING a ring,
 *  STANDALONE a filled disc, STOPPED an empty outline. Its colour is the epoch's. The word always stands beside it. */
export function RoleGlyph({ role, epoch, radius, sid }: RoleGlyphProps) {
  const colour = epochColour(epoch)
  const width = radius > 14 ? 2.25 : 1.5
  const dash = (2 * Math.PI * radius) / (radius > 14 ? 24 : 12)
  const filled = role === 'LEADING' || role === 'STANDALONE'
  const inside = filled ? 'var(--on-epoch)' : role === 'STOPPED' ? 'var(--ink-3)' : 'var(--ink)'
  return (
    <g>
      {role === 'LEADING' && (
        <polygon
          points={hexagon(radius * 1.1)}
          fill={colour}
          stroke={colour}
          strokeWidth={width}
          strokeLinejoin="round"
        />
      )}
      {role === 'STANDALONE' && <circle r={radius} fill={colour} stroke={colour} strokeWidth={width} />}
      {role === 'FOLLOWING' && <circle r={radius} fill="var(--raised)" stroke={colour} strokeWidth={width} />}
      {role === 'LOOKING' && (
        <circle
          r={radius}
          fill="var(--raised)"
          stroke={colour}
          strokeWidth={width}
          strokeDasharray={`${dash * 0.58} ${dash * 0.42}`}
        />
      )}
      {role === 'OBSERVING' && (
        <>
          <circle r={radius} fill="var(--raised)" stroke={colour} strokeWidth={width} />
          <circle r={radius * 0.74} fill="none" stroke={colour} strokeWidth={width * 0.6} />
        </>
      )}
      {role === 'STOPPED' && <circle r={radius} fill="var(--paper)" stroke="var(--rule-strong)" strokeWidth={1} />}
      {sid !== undefined && (
        <text
          textAnchor="middle"
          dominantBaseline="central"
          fill={inside}
          fontFamily="var(--mono)"
          fontSize={radius * (radius > 14 ? 0.86 : 1.2)}
          fontWeight={filled ? 700 : 500}
        >
          {sid}
        </text>
      )}
    </g>
  )
}

/** The glyph as a picture of its own, `size` CSS pixels square. Says nothing to a screen reader: its word stands beside it. */
export function RoleIcon({ size, ...glyph }: Omit<RoleGlyphProps, 'radius'> & { readonly size: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox={`${-size / 2} ${-size / 2} ${size} ${size}`}
      aria-hidden="true"
      focusable="false"
    >
      <RoleGlyph {...glyph} radius={size / 2 - (glyph.role === 'LEADING' ? 2 : 1.5)} />
    </svg>
  )
}
