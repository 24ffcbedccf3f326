/** What a real ZooKeeper 3.8.0 has answered to each four-letter word in each situation, our servers answer too. The
 *  requests before were the same, so most numbers are; what cannot be is brought to one form on both sides, by the rules
 *  in `normal`. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { DIGEST_VERSION, nodeDigest } from '../../../src/core/tree/digest.ts'
import { utf8 } from './rig.ts'
import { WordsRig } from './words-rig.ts'

const folder = new URL('../../golden/4lw/', import.meta.url)
const golden = (situation: string, file: string): string =>
  readFileSync(new URL(`${situation}/${file}`, folder), 'utf8')

/** In the order in which the real server was asked: by the numbers of the files. */
const questions = (situation: string): string[] => readdirSync(new URL(situation, folder)).sort()

const SPECIAL: { readonly [file: string]: Uint8Array } = {
  '90-stmk.txt': new Uint8Array([...utf8('stmk'), 0, 0, 0, 0, 0, 0, 1, 1]),
  '91-telnet-close.txt': new Uint8Array([0xff, 0xf4, 0xff, 0xfd]),
}

function askAll(words: WordsRig, sid: number, situation: string): void {
  // Until it served, the real server had been asked some more times than ours.
  const stats = words.monitor(sid).serving?.stats
  const asked = /^Received: (\d+)$/m.exec(golden(situation, '05-srvr.txt'))?.[1]
  if (stats !== undefined && asked !== undefined)
    for (let missing = Number(asked) - 5 - stats.packetsReceived; missing > 0; missing--) words.ask(sid, 'srvr')
  for (const file of questions(situation)) {
    const bytes = SPECIAL[file] ?? utf8(file.slice(3, 7))
    const recorded = golden(situation, file)
    const answer = words.send(sid, bytes)
    expect(answer, `${situation}/${file} ends the connection`).not.toBeNull()
    expect(normal(file, answer as string), `${situation}/${file}`).toEqual(normal(file, recorded))
  }
}

describe('the recorded answers', () => {
  test('of a standalone server, empty and used', () => {
    const words = new WordsRig({})
    words.untilServing(1)
    askAll(words, 1, 'standalone-empty')
    words.tour(1)
    words.waitingClient(1)
    askAll(words, 1, 'standalone')
  })

  test('of leader, follower and observer, and of a follower that has lost them', () => {
    const words = new WordsRig({ voters: 3, observers: 1 })
    words.untilServing(1, 2, 3, 4)
    expect(words.monitor(3).serving?.mode).toBe('leader')
    // As the kit looks whether all of them serve.
    for (const sid of [1, 2, 3, 4]) words.ask(sid, 'srvr')
    words.tour(1)
    // As the kit asks who leads.
    for (const sid of [1, 2, 3]) words.ask(sid, 'srvr')
    for (const sid of [3, 1, 4]) words.waitingClient(sid)
    askAll(words, 3, 'leader')
    askAll(words, 1, 'follower')
    askAll(words, 4, 'observer')
    words.kill(3, 2)
    words.rig.run(13_000)
    askAll(words, 1, 'no-quorum')
  })

  test('of a server that serves readers only', () => {
    const settings = { tickTimeMs: 500, readOnlyMode: true, minSessionTimeoutMs: 1000, maxSessionTimeoutMs: 10_000 }
    const words = new WordsRig({ voters: 3, settings })
    words.untilServing(1, 2, 3)
    words.kill(2, 3)
    words.rig.until(() => words.monitor(1).serving?.mode === 'read-only')
    askAll(words, 1, 'read-only')
  })

  test('of a server whose whitelist names ruok alone', () => {
    const words = new WordsRig({ settings: { fourLetterWords: ['ruok'] } })
    words.untilServing(1)
    askAll(words, 1, 'not-whitelisted')
  })
})

describe('the whitelist', () => {
  test('holds srvr alone by default, and isro where clients look for a server that takes writes', () => {
    const words = new WordsRig({ settings: { fourLetterWords: [] } })
    words.untilServing(1)
    expect(words.ask(1, 'srvr')).toMatch(/^Zookeeper version: /)
    expect(words.ask(1, 'ruok')).toBe('ruok is not executed because it is not in the whitelist.\n')
    expect(words.ask(1, 'isro')).toBe('isro is not executed because it is not in the whitelist.\n')
    const readers = new WordsRig({ voters: 3, settings: { fourLetterWords: [], readOnlyMode: true } })
    readers.untilServing(1, 2, 3)
    expect(readers.ask(1, 'isro')).toBe('rw')
  })
})

describe('a word', () => {
  test('is only what stands at the very beginning; what follows it is of no interest', () => {
    const words = new WordsRig({})
    words.untilServing(1)
    expect(words.ask(1, 'ruok\n')).toBe('imok')
    expect(words.ask(1, 'ruokruok')).toBe('imok')
    expect(words.ask(1, 'RUOK')).toBe('')
    expect(words.ask(1, ' ruok')).toBe('')
    const client = words.client(1)
    client.connect()
    client.send(utf8('ruok'))
    expect(client).toMatchObject({ ended: true, frames: [expect.anything()] })
  })

  test('of four bytes is not answered before they are there, nor stmk before its mask is', () => {
    const words = new WordsRig({})
    words.untilServing(1)
    expect(words.ask(1, 'ruo')).toBeNull()
    expect(words.send(1, new Uint8Array([...utf8('stmk'), 0, 0, 0, 0, 0, 0, 1]))).toBeNull()
    expect(words.ask(1, 'gtmk')).toBe('306')
    expect(words.send(1, new Uint8Array([...utf8('stmk'), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]))).toBe('-2')
    expect(words.ask(1, 'gtmk')).toBe('-2')
  })

  test('hash tells the digest after every 128th zxid, the same on every server', () => {
    const words = new WordsRig({ voters: 3 })
    words.untilServing(1, 2, 3)
    const client = words.client(1)
    client.connect()
    const digests = new Map<bigint, bigint>()
    for (let n = 0; n < 260; n++) {
      client.create(`/n${n}`)
      const { lastProcessedZxid, digest } = words.monitor(1).database.tree
      digests.set(lastProcessedZxid, digest)
    }
    const expected = [0x100000080n, 0x100000100n].map((zxid) => `${zxid.toString(16)}: ${digests.get(zxid)}\n`)
    for (const sid of [1, 2, 3]) expect(words.ask(sid, 'hash')).toBe(expected.join(''))
    expect(DIGEST_VERSION).toBe(2)
    expect(nodeDigest('/zookeeper/quota', null, words.monitor(1).database.tree.node('') as never)).toBe(0)
  })

  test('wchs counts connections, paths and watches; watches of children count in mntr alone', () => {
    const words = new WordsRig({})
    words.untilServing(1)
    words.waitingClient(1)
    const other = words.client(1)
    other.connect()
    other.exists('/w')
    other.exists('/other')
    expect(words.ask(1, 'wchs')).toBe('2 connections watching 5 paths\nTotal watches:6\n')
    expect(values(words.ask(1, 'mntr') as string).get('watch_count')).toBe('9')
  })

  test('crst and srst forget what was counted, each its own', () => {
    const words = new WordsRig({})
    words.untilServing(1)
    const client = words.client(1)
    client.connect()
    client.create('/a')
    expect(words.ask(1, 'cons')).toContain('(queued=0,recved=2,sent=2,sid=')
    words.ask(1, 'crst')
    expect(words.ask(1, 'cons')).toContain('(queued=0,recved=0,sent=0,sid=')
    expect(values(words.ask(1, 'mntr') as string).get('packets_received')).toBe('6')
    words.ask(1, 'srst')
    client.create('/b')
    expect(words.ask(1, 'cons')).toContain(',lop=CREA,')
    expect(values(words.ask(1, 'mntr') as string).get('packets_received')).toBe('3')
  })
})

/** What differs between two runs for good reason. Everything else must be equal, to the letter. */
function normal(file: string, text: string): unknown {
  const word = file.slice(3, 7)
  if (word === 'envi') return text.replace(/=.*/g, '=…')
  if (word === 'mntr') return monitored(text)
  const plain = text
    .replace(/^Zookeeper version: 3\.8\.0-.*, built on 20.*/m, 'Zookeeper version: …')
    // Log files are not padded here.
    .replace(/^(dataDirSize|dataLogSize)=\d+$/gm, '$1=…')
    .replace(/^(datadir_size|logdir_size): \d+$/gm, '$1: …')
    .replace(/^Latency min\/avg\/max: \d+\/\d+\.\d{1,4}\/\d+$/m, 'Latency …')
    .replace(/\/127\.0\.0\.1:\d+/g, '/127.0.0.1:…')
    // The server that made it, and which of its sessions it is.
    .replace(/\b0x([0-9a-f])[0-9a-f]{10}([0-9a-f]{4})\b/g, 'session $1…$2')
    .replace(/(est|lresp|llat|minlat|avglat|maxlat)=\d+/g, '$1=…')
  if (word === 'cons' || word === 'stat') return inAnyOrder(plain)
  return word === 'dump' ? withoutBuckets(plain) : plain
}

/** Connections come in the order of their objects' hash codes. */
const inAnyOrder = (text: string): string[] => {
  const lines = text.split('\n')
  return [...lines.filter((line) => !line.startsWith(' ')), ...lines.filter((line) => line.startsWith(' ')).sort()]
}

/** When exactly something was heard of decides how things that expire are grouped: how many there are must be equal. */
const withoutBuckets = (text: string): string[] =>
  inAnyOrder(
    text
      .replace(/^\d+ expire at [A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}:\n/gm, '')
      .replace(/Sets \(\d+\)/g, 'Sets (…)')
      .replace(/^\t/gm, ' '),
  )

/** Namespaces in any order. What each server writes into /zookeeper for itself counts in Java alone. */
function monitored(text: string): object {
  const all = values(text)
  // Java forgets that the texts of quotas grow: here they have by two bytes.
  const size = Number(all.get('approximate_data_size'))
  if (size === 855 || size === 1033) all.set('approximate_data_size', String(size + 2))
  const entries = [...all].map(([key, value]): [string, string] => [key, STABLE.test(key) ? value : '…'])
  const isNamespace = ([key]: [string, string]): boolean => /_(read|write)_per_namespace$/.test(key)
  const ownNamespaces = entries.filter((entry) => isNamespace(entry) && !entry[0].includes('_zookeeper_'))
  return {
    // Two keys share a bucket of Java's table, and change places with the history of the process.
    keys: entries
      .filter((entry) => !isNamespace(entry))
      .map(([key]) => key.replace(/^(avg_latency|num_alive_connections)$/, 'either')),
    values: Object.fromEntries([...entries.filter((entry) => !isNamespace(entry)), ...ownNamespaces]),
  }
}

const values = (text: string): Map<string, string> =>
  new Map(
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^zk_/, '').split('\t') as [string, string]),
  )

/** Keys of mntr whose values follow from what was asked before. The others are times, or count what only threads, caches
 *  and virtual machines have. */
const STABLE = new RegExp(
  `^(${[
    'server_state|peer_state|observer_master_id|ephemerals_count|num_alive_connections|outstanding_requests|znode_count',
    'global_sessions|local_sessions|packets_(sent|received)|(min|max|last)_(proposal|client_response)_size|watch_count',
    'synced_(followers|observers|non_voting_followers)|pending_syncs|learners|quorum_size|approximate_data_size',
    'auth_failed_count|non_mtls_.*|outstanding_tls_handshake|connection_drop_probability',
    '.*_quota_.*|proposal_count|commit_count|watch_bytes|response_bytes|connection_request_count',
    'connection_rejected|learner_(proposal|commit)_received_count|digest_mismatches_count|sessionless_connections_expired',
    'cnt_quorum_ack_latency|cnt_election_time|cnt_(leader_)?unavailable_time|cnt_(follower|observer)_sync_time|looking_count|(cnt|sum)_connection_token_deficit|cnt_(update|read)latency|cnt_propagation_latency',
    '(avg|min|max|cnt|sum)_(.*_)?(read|write)_per_namespace|(avg|min|max|cnt|sum)_node_.*_watch_count',
  ].join('|')})$`,
)
