/** Virtual microseconds as a person reads them: "250 ms", "4.1 s", "2 min". Units are ZooKeeper's own and not translated. */
export function duration(us: number): string {
  const ms = us / 1000
  if (ms < 10) return `${Math.max(0, ms).toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.round(ms / 60_000)} min`
}

/** A moment of virtual time: "0:02.345". */
export function moment(us: number): string {
  const ms = Math.floor(us / 1000)
  const minutes = Math.floor(ms / 60_000)
  const seconds = ((ms % 60_000) / 1000).toFixed(3).padStart(6, '0')
  return `${minutes}:${seconds}`
}
