/** The stored sessions of the real zkCli, three ways, with real processes on loopback: our zkCli on our servers, Apache's
 *  zkCli on our servers, our zkCli on Apache's servers. What differs is listed here, command by command, with its reason. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Block, blocks, names, normalised, script, wanted } from '../../transcript/golden.ts'
import { Player } from '../../transcript/player.ts'
import { builtPrograms, missing, skippedFor } from '../machine.ts'
import type { Kind } from './servers.ts'
import { cannotWatch } from './shells.ts'
import { NodeStage } from './stage.ts'

interface Way {
  readonly title: string
  readonly shell: Kind
  readonly servers: Kind
  /** What it needs that is not here. */
  readonly missing: readonly string[]
}

const TIMING = 'with the real client it depends on its timing whether the line is printed'
const differences: { readonly [file: string]: { readonly [command: string]: string } } = {
  '90-volatile': { '> deleteall /zookeeper': TIMING, '> deleteall /zookeeper/quota': TIMING },
}
const ways: readonly Way[] = [
  {
    title: 'our zkCli on our servers',
    shell: 'ours',
    servers: 'ours',
    missing: [],
  },
  {
    title: "Apache's zkCli on our servers",
    shell: 'apache',
    servers: 'ours',
    missing: [...missing.apache, ...cannotWatch],
  },
  {
    title: "our zkCli on Apache's servers",
    shell: 'ours',
    servers: 'apache',
    missing: missing.apache,
  },
]

/** Some wait for a session of 30 s to be given up; meanwhile others can play. */
const SLOW = ['26-one-shot', '27-fatal', '30-readonly', '24-ttl-container']
const slowFirst = [...SLOW, ...names.filter((name) => !SLOW.includes(name))]

/** Real ms: machines are busy with other tests, and a few dozen Java processes are started one after the other. */
const PATIENCE_MS = 300_000

/** What is added to the ports of the recording; each play has a lane for itself. All are below those that the system gives
 *  to whoever connects. */
const free = [-7000, -6990, -6980, -6970]
const waiting: ((base: number) => void)[] = []

async function inLane<T>(run: (base: number) => Promise<T>): Promise<T> {
  const base = free.pop() ?? (await new Promise<number>((begin) => waiting.push(begin)))
  try {
    return await run(base)
  } finally {
    const next = waiting.shift()
    if (next === undefined) free.push(base)
    else next(base)
  }
}

let program: string
beforeAll(() => {
  program = builtPrograms('transcripts').server
}, PATIENCE_MS)

async function played(way: Way, name: string): Promise<Block[]> {
  const { needs, ...rest } = script(name)
  return inLane(async (base) => {
    const stage = new NodeStage(way, needs, { base, program })
    try {
      await stage.begin()
      const lines = await new Player(stage, { ...rest, needs }).play()
      return blocks(normalised(lines, { streamsApart: way.shell === 'apache' }))
    } finally {
      await stage.end()
    }
  })
}

/** Java's zkCli tells from another thread that its session is closed: at its end the exit may come first. */
const withoutLastWord = ({ command, output }: Block): Block => ({
  command,
  output: /^> quit\b/.test(command) ? output.filter((line) => !line.startsWith('E| state:Closed ')) : output,
})

for (const way of ways) {
  const title = `${way.title}${skippedFor(way.missing)}`
  describe.skipIf(way.missing.length > 0).concurrent(title, { timeout: PATIENCE_MS }, () => {
    test.each(slowFirst)('%s', async (name) => {
      const ours = await played(way, name)
      const listed = Object.keys(differences[name] ?? {})
      const rest = (list: readonly Block[]): Block[] =>
        list
          .filter(({ command }) => !listed.includes(command))
          .map((block) => (way.shell === 'apache' ? withoutLastWord(block) : block))
      const theirs = wanted(name, { streamsApart: way.shell === 'apache' })
      expect(rest(ours)).toEqual(rest(theirs))
      expect(ours.map(({ command }) => command)).toEqual(theirs.map(({ command }) => command))
    })
  })
}
