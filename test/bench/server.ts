/** The Node host beside Apache ZooKeeper, where that is installed: the same zoo.cfg, the same load, one after the other,
 *  never at the same time. What counts is the ratio within one run. */
import type { Options } from './options.ts'
import { Connection, createFrame, getFrame, type Session, setFrame } from './server/connection.ts'
import { type Kind, missing, pause, Servers } from './server/servers.ts'
import { median, printTable, quantile } from './table.ts'

const DATA = new Uint8Array(100).fill(0x78)
const KEYS = 100
const ZNODES = 100_000
const CONNECTIONS = 4
const WARM_UP = 20_000

type Op = 'set' | 'create' | 'get'
/** Where a larger figure is the better one, ours ÷ theirs is; otherwise theirs ÷ ours: above 1 is ahead in every row. */
interface Figure {
  readonly name: string
  readonly unit: string
  readonly more: boolean
}
type Results = Map<string, { readonly figure: Figure; readonly values: { [kind in Kind]?: number[] } }>

export async function server({ repeat }: Options): Promise<void> {
  const kinds = (['ours', 'apache'] as const).filter((kind) => {
    const reason = missing(kind)
    if (reason !== undefined) console.log(`\nserver: ${kind} is left out: ${reason}`)
    return reason === undefined
  })
  if (!kinds.includes('ours')) return
  const results: Results = new Map()
  const note = (kind: Kind) => (figure: Figure, value: number) => {
    const row = results.get(figure.name) ?? { figure, values: {} }
    row.values[kind] = [...(row.values[kind] ?? []), value]
    results.set(figure.name, row)
  }
  for (let round = 0; round < repeat; round++)
    for (const forceSync of [true, false]) for (const kind of kinds) await measure(kind, forceSync, note(kind))
  printTable(
    `Three servers of ours and of Apache ZooKeeper, 100 B, loopback, ${repeat} rounds. Ahead: how many times better ours is.`,
    ['', 'ours', 'apache', 'ahead'],
    [...results.values()].map(({ figure, values: { ours = [], apache = [] } }) => [
      `${figure.name}, ${figure.unit}`,
      ours,
      apache,
      ours.map((value, n) => {
        const other = apache[n] ?? Number.NaN
        return figure.more ? value / other : other / value
      }),
    ]),
  )
}

type Note = (figure: Figure, value: number) => void

async function measure(kind: Kind, forceSync: boolean, note: Note): Promise<void> {
  const servers = new Servers(kind, { servers: 3, forceSync, probe: !forceSync })
  try {
    const started = performance.now()
    await servers.startAll()
    if (forceSync) note({ name: 'cold start to serving', unit: 'ms', more: false }, performance.now() - started)
    const ports = servers.ids.map((sid) => servers.port(sid))
    const sync = forceSync ? 'synced' : 'forceSync=no'
    await load(ports, 'set', WARM_UP, 200)
    await load(ports, 'get', WARM_UP, 200)
    for (const op of ['set', 'create', 'get'] as const) {
      if (op === 'get' && !forceSync) continue
      const label = op === 'get' ? 'getData' : `${op === 'set' ? 'setData' : 'create'} ${sync}`
      const many = await load(ports, op, op === 'get' ? 100_000 : 30_000, 200)
      note({ name: `${label}, 200 at once`, unit: '/s', more: true }, many.perSecond)
      note({ name: `${label}, 200 at once, p50`, unit: 'ms', more: false }, many.p50)
      note({ name: `${label}, 200 at once, p99`, unit: 'ms', more: false }, many.p99)
      const one = await load(ports.slice(0, 1), op, op === 'get' ? 4000 : 1000, 1)
      note({ name: `${label}, 1 at once`, unit: '/s', more: true }, one.perSecond)
      note({ name: `${label}, 1 at once, p50`, unit: 'ms', more: false }, one.p50)
      note({ name: `${label}, 1 at once, p99`, unit: 'ms', more: false }, one.p99)
    }
    if (!forceSync) await memory(servers, note)
    else note({ name: 'kill -9 of the leader to the next write', unit: 'ms', more: false }, await failover(servers))
  } finally {
    await servers.dispose()
  }
}

let loads = 0

/** `atOnce` in all, spread over the servers. */
async function load(
  ports: readonly number[],
  op: Op,
  count: number,
  atOnce: number,
): Promise<{ readonly perSecond: number; readonly p50: number; readonly p99: number }> {
  const connections = await Promise.all(
    Array.from({ length: Math.min(atOnce, CONNECTIONS) }, (_, n) => Connection.open(ports[n % ports.length] as number)),
  )
  const each = Math.floor(count / connections.length)
  const requests = await Promise.all(connections.map((connection) => prepare(connection, op, each)))
  const started = performance.now()
  const took = await Promise.all(
    connections.map((connection, n) =>
      connection.pump(
        requests[n] as (at: number) => Buffer,
        each,
        Math.max(1, Math.floor(atOnce / connections.length)),
      ),
    ),
  )
  const seconds = (performance.now() - started) / 1000
  for (const connection of connections) connection.close()
  const all = took.flatMap((part) => [...part])
  return { perSecond: all.length / seconds, p50: median(all), p99: quantile(all, 0.99) }
}

/** The requests of one connection, put together beforehand. */
async function prepare(connection: Connection, op: Op, count: number): Promise<(at: number) => Buffer> {
  const root = `/load-${loads++}`
  await connection.call(createFrame(root, new Uint8Array(0)))
  if (op === 'create') {
    const frames = Array.from({ length: count }, (_, n) => createFrame(`${root}/c${String(n).padStart(7, '0')}`, DATA))
    return (at) => frames[at] as Buffer
  }
  const paths = Array.from({ length: KEYS }, (_, n) => `${root}/${n}`)
  for (const path of paths) await connection.call(createFrame(path, DATA))
  const frames = paths.map((path) => (op === 'set' ? setFrame(path, DATA) : getFrame(path)))
  return (at) => frames[at % KEYS] as Buffer
}

/** What a server keeps for each of many znodes. */
async function memory(servers: Servers, note: Note): Promise<void> {
  const sid = await servers.leader()
  const before = await servers.liveBytes(sid)
  await load([servers.port(sid)], 'create', ZNODES, 200)
  const after = await servers.liveBytes(sid)
  if (before === undefined || after === undefined) return
  note({ name: `memory of a znode, of ${ZNODES}`, unit: 'B', more: false }, (after - before) / ZNODES)
}

/** Clients with a session at each survivor write without pause, and come back every 5 ms when they are cut off. */
async function failover(servers: Servers): Promise<number> {
  const leader = await servers.leader()
  let over = false
  const good: { readonly openedAt: number; readonly at: number }[] = []
  const write = async (port: number): Promise<void> => {
    let session: Session | undefined
    while (!over) {
      try {
        const openedAt = performance.now()
        const connection = await Connection.open(port, session)
        session = connection.session
        while (!over) {
          await connection.call(setFrame('/', DATA))
          good.push({ openedAt, at: performance.now() })
        }
        connection.close()
      } catch {
        await pause(5)
      }
    }
  }
  const writers = servers.ids.filter((sid) => sid !== leader).map((sid) => write(servers.port(sid)))
  while (good.length < 200) await pause(5)
  const killedAt = performance.now()
  await servers.kill(leader)
  let first: number | undefined
  while (first === undefined) {
    await pause(1)
    first = good.find(({ openedAt }) => openedAt > killedAt)?.at
  }
  over = true
  await Promise.all(writers)
  return first - killedAt
}
