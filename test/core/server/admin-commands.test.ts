/** What a real AdminServer has answered to each command in each situation, ours answers too: the same text but for what
 *  differs between two runs, by the rules in `normal`. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { adminCommand } from '../../../src/core/server/admin-commands.ts'
import type { Replica } from '../../../src/core/server/replica.ts'
import { double, toJson } from '../../../src/core/server/value.ts'
import { WordsRig } from './words-rig.ts'

const PORTS = { client: 23200, quorum: 23210, election: 23220 }

/** Bodies by command, in the order in which the real server was asked: `name?key=value`, and `name after reset`. */
const golden = (situation: string): { readonly [asked: string]: string } =>
  JSON.parse(readFileSync(new URL(`../../golden/admin/${situation}.json`, import.meta.url), 'utf8'))

function askAll(words: WordsRig, sid: number, situation: string): void {
  const replica = words.replicas.get(sid) as Replica
  for (const [asked, recorded] of Object.entries(golden(situation))) {
    const [name = '', query] = asked.replace(' after reset', '').split('?')
    const params = Object.fromEntries(new URLSearchParams(query))
    const { status, contentType, body } = adminCommand(replica, name, params)
    const where = `${situation}: ${asked}`
    if (recorded === '500') {
      expect(status, where).toBe(500)
      continue
    }
    expect({ status, contentType }, where).toEqual({
      status: 200,
      contentType: name === '' ? undefined : 'application/json',
    })
    expect(normal(name, body), where).toEqual(normal(name, recorded))
  }
}

describe('the recorded answers', () => {
  test('of a standalone server', () => {
    const words = new WordsRig({ ports: PORTS })
    words.untilServing(1)
    words.ask(1, 'srvr')
    words.ask(1, 'srvr')
    words.tour(1)
    words.waitingClient(1)
    askAll(words, 1, 'standalone')
  })

  test('of leader, follower and observer, and of a follower that has lost them', () => {
    const words = new WordsRig({ voters: 3, observers: 1, ports: PORTS })
    words.untilServing(1, 2, 3, 4)
    // As whether all of them serve, and who leads, was asked.
    for (const sid of [1, 2, 3, 4]) words.ask(sid, 'srvr')
    words.tour(1)
    for (const sid of [1, 2, 3]) words.ask(sid, 'srvr')
    for (const sid of [3, 1, 4]) words.waitingClient(sid)
    askAll(words, 3, 'leader')
    askAll(words, 1, 'follower')
    askAll(words, 4, 'observer')
    words.kill(2, 3)
    words.rig.run(13_000)
    askAll(words, 1, 'no-quorum')
  })

  test('of a server that serves readers only', () => {
    const settings = { tickTimeMs: 500, readOnlyMode: true, minSessionTimeoutMs: 1000, maxSessionTimeoutMs: 10_000 }
    const words = new WordsRig({ voters: 3, ports: PORTS, settings })
    words.untilServing(1, 2, 3)
    words.kill(2, 3)
    words.rig.until(() => words.monitor(1).serving?.mode === 'read-only')
    askAll(words, 1, 'read-only')
  })
})

test('a command has other names, and says its own', () => {
  const words = new WordsRig({})
  words.untilServing(1)
  const replica = words.replicas.get(1) as Replica
  const aliases: { readonly [primary: string]: readonly string[] } = {
    configuration: ['conf', 'config'],
    connection_stat_reset: ['crst'],
    connections: ['cons'],
    environment: ['env', 'envi'],
    get_trace_mask: ['gtmk'],
    initial_configuration: ['icfg'],
    is_read_only: ['isro'],
    last_snapshot: ['lsnp'],
    leader: ['lead'],
    monitor: ['mntr'],
    observer_connection_stat_reset: ['orst'],
    observers: ['obsr'],
    server_stats: ['srvr'],
    set_trace_mask: ['stmk'],
    stat_reset: ['srst'],
    stats: ['stat'],
    system_properties: ['sysp'],
    watch_summary: ['wchs'],
    watches: ['wchc'],
    watches_by_path: ['wchp'],
  }
  for (const [primary, others] of Object.entries(aliases))
    for (const name of others)
      expect(JSON.parse(adminCommand(replica, name).body), name).toMatchObject({ command: primary })
})

test('a name that is none is told so, whatever it is', () => {
  const words = new WordsRig({})
  words.untilServing(1)
  const replica = words.replicas.get(1) as Replica
  for (const name of ['nosuch', 'constructor', '__proto__', 'toString', 'RUOK', 'ruok/', '"quoted"\n'])
    expect(JSON.parse(adminCommand(replica, name).body)).toEqual({ command: name, error: `Unknown command: ${name}` })
})

test('a trace mask is a long', () => {
  const words = new WordsRig({})
  const replica = words.replicas.get(1) as Replica
  const set = (traceMask: string) => JSON.parse(adminCommand(replica, 'stmk', { traceMask }).body)
  expect(set('-1')).toMatchObject({ tracemask: -1, error: null })
  expect(set('+7')).toMatchObject({ tracemask: 7 })
  for (const wrong of ['', '0x1', '9223372036854775808', '1.0', ' 1'])
    expect(set(wrong)).toEqual({
      error: `setTraceMask requires long traceMask argument, got ${wrong}`,
      command: 'set_trace_mask',
    })
  expect(words.monitor(1).traceMask).toBe(7n)
})

test('digests are listed with their zxids, which are larger than a JavaScript number may be', () => {
  const words = new WordsRig({ voters: 3 })
  words.untilServing(1, 2, 3)
  const client = words.client(1)
  client.connect()
  let digest = 0n
  for (let n = 0; n < 130; n++) {
    client.create(`/n${n}`)
    const { tree } = words.monitor(1).database
    if (tree.lastProcessedZxid === 0x100000080n) digest = tree.digest
  }
  expect(adminCommand(words.replicas.get(1) as Replica, 'hash').body).toBe(`{
  "digests" : [ {
    "zxid" : 4294967424,
    "digest" : ${digest},
    "digest_version" : 2
  } ],
  "command" : "hash",
  "error" : null
}`)
})

describe('JSON as Jackson writes it', () => {
  test('doubles always have a point, and powers of ten where Java has them', () => {
    const numbers = [0, 1, 18.4, 1.0333, 0.001, 0.0005, 9_999_999, 10_000_000, 123_456_789.5, -2]
    expect(numbers.map((number) => String(double(number)))).toEqual([
      '0.0',
      '1.0',
      '18.4',
      '1.0333',
      '0.001',
      '5.0E-4',
      '9999999.0',
      '1.0E7',
      '1.234567895E8',
      '-2.0',
    ])
  })

  test('texts are escaped where they must be', () => {
    expect(toJson('a"b\\c/d\n\t\b\f\r\u001f\u0000\u007f\u2028ü日\\u001f')).toBe(
      String.raw`"a\"b\\c/d\n\t\b\f\r\u001F\u0000${'\u007f\u2028'}ü日\\u001f"`,
    )
  })

  test('lists stand in a line, fields in lines of their own', () => {
    expect(toJson({ a: [], b: {}, c: [1n, { d: null }], e: { f: true } })).toBe(`{
  "a" : [ ],
  "b" : { },
  "c" : [ 1, {
    "d" : null
  } ],
  "e" : {
    "f" : true
  }
}`)
  })
})

function normal(name: string, text: string): unknown {
  if (name === 'monitor') return monitored(text)
  const plain = text
    .replace(/"(zookeeper\.)?version" : "3\.8\.0-.*?"/g, '"$1version" : "…"')
    .replace(/"127\.0\.0\.1:\d+"(?=,\n {4}"interest_ops)/g, '"an address"')
    .replace(/"remote_socket_address" : "\/[^"]*"/, '"remote_socket_address" : "…"')
    // Log files are not padded here.
    .replace(/"((data|log)_?dir_size)" : \d+/g, '"$1" : …')
    .replace(/"((avg|max|min|last)_latency|uptime|established|last_response_time|timestamp)" : [\d.]+/g, '"$1" : …')
    // Session ids are of the moment; so is what expires when.
    .replace(/\b\d{17,18}\b/g, 'a session')
    .replace(/"\d+" : \[ a session/g, '"a time" : [ a session')
    // What a sender's queue holds, in a world without one.
    .replace(/"(queued_packets_size|packets_received|packets_sent|requests)" : -?\d+/g, (all, key: string) =>
      text.includes('"observers"') ? `"${key}" : …` : all,
    )
    // The real observer came when the epoch had begun, and got a snapshot; ours had the same history as all.
    .replace('"zxid" : "100000000"', '"zxid" : "0"')
    // The file is the test's own.
    .replace(/"initial_configuration" : "dataDir=.*"/, '"initial_configuration" : "dataDir=…"')
    // Java tells of each session by itself when they expire at different times.
    .replace(/("a time" : \[ a session(?:, a session)*)(?: \],\n {4}"a time" : \[ (a session))+/g, '$1, $2')
  if (name === 'environment' || name === 'env') return plain.replace(/^( {2}"(?:java|os|user|host)\S*" : ).*$/gm, '$1…')
  // The properties of a Java bean have no order.
  return name === 'server_stats' || name === 'srvr' || name === 'stats' || name === 'stat'
    ? plain.split(/,?\n/).toSorted()
    : plain
}

/** Which keys there are and which of their values are no whole numbers; the values are those of `mntr`. */
function monitored(text: string): object {
  const lines = text.split('\n').map((line) => line.replace(/,$/, ''))
  const shapes = lines
    .filter((line) => !/_(read|write)_per_namespace" /.test(line))
    .map((line) =>
      line.replace(/: "3\.8\.0.*/, ': …').replace(/\d+/g, (digits) => (line.includes(`"${digits}`) ? digits : '0')),
    )
  return {
    shapes: shapes.map((line) => line.replace(/"(p\d+)_/, '"p_')).toSorted(),
    command: lines.slice(-3),
  }
}
