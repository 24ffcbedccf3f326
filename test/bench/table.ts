/** Plain tables of repeated measurements. */

/** A cell made of several measurements shows their median and range. */
export type Cell = string | readonly number[]

export function printTable(title: string, head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const texts = [head, ...rows.map((row) => row.map(show))]
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)))
  console.log(`\n${title}`)
  for (const [index, row] of texts.entries()) {
    const cells = row.map((text, column) =>
      column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
    )
    console.log(`  ${cells.join('   ')}`.trimEnd())
    if (index === 0) console.log(`  ${widths.map((width) => '-'.repeat(width)).join('   ')}`)
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle] as number
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** The value that so much of the others does not exceed, 0 … 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function show(cell: Cell): string {
  if (typeof cell === 'string') return cell
  if (cell.length === 0) return '-'
  const range = `${short(Math.min(...cell))}..${short(Math.max(...cell))}`
  return `${short(median(cell))} (${range})`
}

/** Three digits that mean something. */
function short(value: number): string {
  if (value >= 100_000) return `${Math.round(value / 1000)} k`
  if (value >= 1000) return `${(value / 1000).toFixed(value >= 10_000 ? 1 : 2)} k`
  return value >= 100 ? String(Math.round(value)) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
