/** What the benchmarks are and how they are asked for. Nothing here judges: figures are printed, people compare them. */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { failover } from './failover.ts'
import { frames } from './frames.ts'
import { opening } from './opening.ts'
import type { Options } from './options.ts'
import { server } from './server.ts'
import { simulator } from './simulator.ts'
import { writes } from './writes.ts'

const parts = { opening, failover, writes, simulator, frames, server }
type Part = keyof typeof parts

const USAGE = `npm run bench -- [part …] [option …]

  opening    page open until its first leader
  failover   kill of the leader until the next committed write
  writes     writes/s through five workers, beside a bare loop of the same shape
  simulator  events and virtual time per second in Node
  frames     main-thread time of a frame of the page under load
  server     the Node host beside Apache ZooKeeper, where that is installed (needs npm run build)
  (all of them, when none is named)

  --repeat N       measurements of each figure; printed is their median and range (5)
  --seconds S      length of one measurement (2)
  --via SERVER     writes: the client is connected to a follower or to the leader (follower)
  --outstanding N  writes: only so many at once, may be given several times (1, 100, 1000)
`

export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      repeat: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      via: { type: 'string', default: 'follower' },
      outstanding: { type: 'string', multiple: true, default: ['1', '100', '1000'] },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !(name in parts))
  const options: Options = {
    repeat: Number(values.repeat),
    seconds: Number(values.seconds),
    via: values.via === 'leader' ? 'leader' : 'follower',
    outstanding: values.outstanding.map(Number),
  }
  const numbers = [options.repeat, options.seconds, ...options.outstanding]
  if (values.help || unknown.length > 0 || numbers.some((number) => !(number > 0))) {
    console.log(unknown.length > 0 ? `no part is called ${unknown.join(', ')}\n\n${USAGE}` : USAGE)
    if (!values.help) process.exitCode = 1
    return
  }
  const chosen = positionals.length > 0 ? (positionals as Part[]) : (Object.keys(parts) as Part[])
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}. Medians, with least and greatest in brackets.`,
  )
  for (const name of chosen) await parts[name](options)
}
