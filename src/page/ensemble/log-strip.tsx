import { useTranslation } from 'react-i18next'
import { epochOf, hex64, type Zxid } from '../../core/wire/ids.ts'
import type { ServerPicture } from '../../trace/picture.ts'
import { epochColour } from '../parts/epoch.ts'
import { type CellStage, logCells } from './log-columns.ts'

export const CELL = { width: 11, height: 11, step: 13 } as const

/** One record: missing dashed, proposed outlined, logged and on disk half, committed filled. */
export function LogMark({ stage, epoch }: { readonly stage: CellStage; readonly epoch: number }) {
  const colour = epochColour(epoch)
  const { width, height } = CELL
  if (stage === 'missing')
    return (
      <rect
        x={1}
        y={1}
        width={width - 2}
        height={height - 2}
        fill="none"
        stroke="var(--rule-strong)"
        strokeDasharray="2 2"
      />
    )
  return (
    <>
      <rect
        x={0.75}
        y={0.75}
        width={width - 1.5}
        height={height - 1.5}
        fill="var(--raised)"
        stroke={colour}
        strokeWidth={1.5}
      />
      {stage === 'logged' && (
        <path d={`M1,${height - 1}L${width - 1},1V${height - 1}Z`} fill={colour} fillOpacity={0.45} />
      )}
      {stage === 'durable' && <rect x={1} y={height / 2} width={width - 2} height={height / 2 - 1} fill={colour} />}
      {stage === 'committed' && <rect x={1} y={1} width={width - 2} height={height - 2} fill={colour} />}
    </>
  )
}

interface LogStripProps {
  readonly server: ServerPicture
  readonly columns: readonly Zxid[]
  /** Columns that there is room for. */
  readonly slots: number
}

export function LogStrip({ server, columns, slots }: LogStripProps) {
  const { t } = useTranslation()
  const shown = columns.slice(-slots)
  const cells = logCells(server, shown)
  const count = (stages: readonly CellStage[]) => cells.filter(({ stage }) => stages.includes(stage)).length
  const summary =
    cells.length === 0
      ? t(($) => $.stage.log.empty)
      : t(($) => $.stage.log.summary, {
          committed: count(['committed']),
          waiting: count(['proposed', 'logged', 'durable']),
          missing: count(['missing']),
        })
  return (
    <svg
      width={slots * CELL.step}
      height={CELL.height}
      role="img"
      aria-label={`${t(($) => $.stage.log.name, { sid: server.sid })}: ${summary}`}
    >
      <line x1={0} x2={slots * CELL.step - 2} y1={CELL.height - 0.5} y2={CELL.height - 0.5} stroke="var(--rule)" />
      {cells.map((cell, i) => (
        <g key={String(cell.zxid)} transform={`translate(${i * CELL.step} 0)`}>
          <title>
            {t(($) => $.stage.log.record, {
              zxid: hex64(cell.zxid),
              type: cell.type,
              path: cell.path ?? '',
              stage: t(($) => $.stage.log[cell.stage]),
            }).replace(/ +/g, ' ')}
          </title>
          <rect width={CELL.width} height={CELL.height} fill="transparent" />
          <LogMark stage={cell.stage} epoch={epochOf(cell.zxid)} />
        </g>
      ))}
    </svg>
  )
}
