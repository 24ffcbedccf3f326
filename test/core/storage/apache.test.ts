/** What Apache's own tools say about files that we wrote. Needs the packages zookeeper and default-jre-headless. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeLogged, type LoggedTxn } from '../../../src/core/wire/txn.ts'
import { findProgram } from '../../chromium.mjs'
import { decisions, historyOf } from './history.ts'
import { nodeBlock, txnLine } from './java-format.ts'
import { type Rig, started } from './rig.ts'

const JARS = ['zookeeper', 'slf4j-nop'].map((name) => `/usr/share/java/${name}.jar`)
const java = findProgram('java')
const missing = [...JARS.filter((jar) => !existsSync(jar)), ...(java === undefined ? ['java'] : [])]
const title = missing.length === 0 ? '' : ` (skipped: ${missing.join(', ')} not found; apt-get install zookeeper)`

/** TTL nodes are known to a server or tool that is told so. */
const tool = (main: string, ...args: string[]): string =>
  execFileSync(
    java as string,
    [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dzookeeper.extendedTypesEnabled=true'],
      ...['-Dfile.encoding=UTF-8', '-Dsun.stdout.encoding=UTF-8', '-Duser.timezone=UTC', '-Duser.language=en'],
      ...['-Duser.country=US', '-cp', JARS.join(':'), main, ...args],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  )

test.skipIf(missing.length > 0)(
  `TxnLogToolkit and SnapshotFormatter read what we wrote as what we meant${title}`,
  { timeout: 120_000 },
  () => {
    const txns = fc.sample(decisions(120), { numRuns: 30, seed: 7 }).map((numbers) => historyOf(numbers))
    const longest = txns.reduce((most, each) => (each.length > most.length ? each : most))
    let rig = started(undefined, { snapCount: 40 })
    for (const [index, txn] of longest.entries()) {
      if (index === 25) rig = started(rig.disk.killed(), { snapCount: 40 })
      commit(rig, txn)
      rig.disk.settle()
    }
    rig.database.takeSnapshot()
    const directory = mkdtempSync(join(tmpdir(), 'vivarium-'))
    try {
      mkdirSync(join(directory, 'version-2'))
      for (const [path, bytes] of rig.disk.files) writeFileSync(join(directory, path), bytes)
      const names = rig.disk.list('version-2')
      const logs = names.filter((name) => name.startsWith('log.'))
      expect(logs.length).toBeGreaterThan(2)
      for (const name of logs) {
        const from = Number.parseInt(name.slice(4), 16)
        const next = Math.min(...logs.map((log) => Number.parseInt(log.slice(4), 16)).filter((each) => each > from))
        const lines = longest.slice(from - 1, Number.isFinite(next) ? next - 1 : undefined).map(txnLine)
        const said = tool(
          'org.apache.zookeeper.server.persistence.TxnLogToolkit',
          '-v',
          join(directory, 'version-2', name),
        )
        expect(said).toBe(
          `ZooKeeper Transactional Log File with dbid 0 txnlog format version 2\n${lines.join('')}EOF reached after ${lines.length} txns.\n`,
        )
      }
      const { tree } = rig.database
      const file = join(directory, 'version-2', `snapshot.${tree.lastProcessedZxid.toString(16)}`)
      const text = tool('org.apache.zookeeper.server.SnapshotFormatter', '-d', file)
      const [nodes = '', sessions = ''] = text.split('Session Details (sid, timeout, ephemeralCount):\n')
      expect(nodes.split('----\n').slice(1, -1).sort()).toEqual(
        [...tree.walk()].map(([path, node]) => nodeBlock(path, node)).sort(),
      )
      expect(
        sessions
          .split('\n')
          .filter((line) => line.startsWith('0x'))
          .sort(),
      ).toEqual(
        [...rig.database.sessions]
          .map(([id, timeoutMs]) => `0x${id.toString(16)}, ${timeoutMs}, ${tree.ephemerals(id).length}`)
          .sort(),
      )
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
)

function commit({ database }: Rig, txn: LoggedTxn): void {
  const bytes = encodeLogged(txn)
  database.writer.write(txn.header.zxid, bytes, () => {})
  database.apply(txn, bytes)
}
