import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../src/core/config/server-spec.ts'
import { readArguments, readZooCfg, type ServerSettings } from '../../../src/core/config/zoo-cfg.ts'

const PATH = '/etc/zoo.cfg'

interface Machine {
  readonly files?: { readonly [path: string]: string }
  readonly properties?: { readonly [name: string]: string }
}

const read = (lines: readonly string[], { files = {}, properties = {} }: Machine = {}): ServerSettings =>
  readZooCfg(lines.join('\n'), {
    path: PATH,
    readFile: (path) => files[path],
    properties: new Map(Object.entries(properties)),
  })

const ALONE = ['dataDir=/data', 'clientPort=2181']
const THREE = ['server.1=a:2888:3888', 'server.2=b:2888:3888', 'server.3=c:2888:3888']
const MEMBER = [...ALONE, 'initLimit=10', 'syncLimit=5', ...THREE]
const myid = (id: string | number, more: { [path: string]: string } = {}): Machine => ({
  files: { '/data/myid': `${id}\n`, ...more },
})

describe('a zoo.cfg', () => {
  test('that names no server is for a standalone one, with ZooKeeper’s defaults', () => {
    const { replica, ...settings } = read(ALONE)
    expect(replica).toMatchObject({
      standalone: true,
      clientPort: 2181,
      tickTimeMs: 3000,
      minSessionTimeoutMs: 6000,
      maxSessionTimeoutMs: 60_000,
      maxClientCnxns: 60,
      snapCount: 100_000,
      commitLogCount: 500,
      globalOutstandingLimit: 1000,
    })
    expect(settings).toMatchObject({
      dataDir: '/data',
      dataLogDir: '/data',
      clientHost: undefined,
      clientPortListenBacklog: -1,
      quorumListenOnAllIPs: false,
      forceSync: true,
      createDirectories: true,
      purge: { keep: 3, everyMs: 0 },
      admin: { enabled: true, port: 8080, host: '0.0.0.0', commandUrl: '/commands' },
      initialConfig: ALONE.join('\n'),
      warnings: [],
    })
  })

  test('that names three servers is for the one whose id is in myid', () => {
    const { replica, warnings } = read(MEMBER, myid(2))
    expect(replica.standalone).toBeUndefined()
    expect(replica.sid).toBe(2)
    expect(replica.quorum.voters).toEqual([1, 2, 3])
    expect([replica.initLimit, replica.syncLimit]).toEqual([10, 5])
    expect(warnings).toEqual([])
  })

  test('takes each key to its place', () => {
    const { replica, ...settings } = read(
      [
        ...MEMBER,
        ...['dataLogDir=/log', 'clientPortAddress=10.0.0.1', 'tickTime=500', 'minSessionTimeout=700', 'snapCount=20'],
        ...['maxSessionTimeout=9000', 'maxClientCnxns=7', 'clientPortListenBacklog=12', 'quorumListenOnAllIPs=TRUE'],
        ...['localSessionsEnabled=true', 'localSessionsUpgradingEnabled=true', 'reconfigEnabled=true'],
        ...[
          'autopurge.snapRetainCount=5',
          'autopurge.purgeInterval=2',
          'forceSync=no',
          'skipACL=yes',
          'leaderServes=no',
        ],
        ...['4lw.commands.whitelist=stat, ruok', 'admin.serverPort=9090', 'admin.enableServer=false', 'maxCnxns=9'],
        ...['admin.serverAddress=127.0.0.1', 'admin.commandURL=/zk', 'globalOutstandingLimit=50', 'enforceQuota=true'],
        ...['fastleader.minNotificationInterval=0x10', 'fastleader.maxNotificationInterval=999', 'cnxTimeout=100'],
        ...[
          'extendedTypesEnabled=true',
          'digest.enabled=false',
          'closeSessionTxn.enabled=false',
          'db.autocreate=false',
        ],
        ...['enforce.auth.enabled=true', 'enforce.auth.schemes=digest, ip', 'snapshot.trust.empty=true'],
        ...[
          'DigestAuthenticationProvider.superDigest=super:abc=',
          'datadir.autocreate=false',
          'commitLogCount=900',
          'preAllocSize=64',
        ],
      ],
      {
        ...myid(1),
        properties: {
          'readonlymode.enabled': 'true',
          'jute.maxbuffer': '4096',
          'znode.container.checkIntervalMs': '77',
          'zookeeper.request_throttle_max_requests': '3',
        },
      },
    )
    expect(settings.warnings).toEqual([])
    expect(replica).toMatchObject({
      ...{ clientPort: 2181, tickTimeMs: 500, minSessionTimeoutMs: 700, maxSessionTimeoutMs: 9000, maxClientCnxns: 7 },
      ...{ localSessionsEnabled: true, localSessionsUpgradingEnabled: true, reconfigEnabled: true, snapCount: 20 },
      ...{ skipACL: true, leaderServes: false, fourLetterWords: ['stat', 'ruok'], maxCnxns: 9, enforceQuota: true },
      ...{
        globalOutstandingLimit: 50,
        minNotificationIntervalMs: 16,
        maxNotificationIntervalMs: 999,
        cnxTimeoutMs: 100,
      },
      ...{ extendedTypesEnabled: true, digestEnabled: false, closeSessionTxnEnabled: false, dbAutocreate: false },
      ...{
        enforceAuthSchemes: ['digest', 'ip'],
        snapshotTrustEmpty: true,
        superDigest: 'super:abc=',
        commitLogCount: 900,
      },
      ...{ readOnlyMode: true, juteMaxBufferBytes: 4096, containerCheckIntervalMs: 77, requestThrottleMaxRequests: 3 },
    })
    expect(settings).toMatchObject({
      ...{ dataLogDir: '/log', clientHost: '10.0.0.1', clientPortListenBacklog: 12, quorumListenOnAllIPs: true },
      ...{ preAllocBytes: 65_536, forceSync: false, createDirectories: false, purge: { keep: 5, everyMs: 7_200_000 } },
      admin: { enabled: false, port: 9090, host: '127.0.0.1', commandUrl: '/zk' },
    })
  })

  test('wins over a system property of the same meaning', () => {
    const properties = { 'zookeeper.snapCount': '50', 'zookeeper.commitLogCount': '600' }
    expect(read([...ALONE, 'snapCount=70'], { properties }).replica).toMatchObject({
      snapCount: 70,
      commitLogCount: 600,
    })
  })

  test('with one server in it is for a standalone one, unless that is forbidden', () => {
    const one = [...ALONE, 'initLimit=10', 'syncLimit=5', 'server.1=a:2888:3888']
    expect(read(one)).toMatchObject({
      replica: { standalone: true },
      warnings: ['Invalid configuration, only one server specified (ignoring)'],
    })
    const { replica } = read([...one, 'standaloneEnabled=false'], myid(1))
    expect(replica.standalone).toBeUndefined()
    expect(replica.quorum.voters).toEqual([1])
  })

  test('gives the groups and weights of a hierarchy', () => {
    const { replica } = read([...MEMBER, 'group.1=1:2', 'group.2=3', 'weight.3=0'], myid(1))
    expect(replica.quorum.weight(3)).toBe(0)
    expect(replica.quorum.containsQuorum(new Set([1, 2]))).toBe(true)
  })

  test('names observers, whose own peerType may be missing', () => {
    const lines = [...MEMBER, 'server.4=[2001:db8::1]:2888:3888:observer;[::]:2182']
    const { replica, warnings } = read([...lines, 'peerType=observer'].slice(2).concat('dataDir=/data'), myid(4))
    expect(replica.quorum.observers).toEqual([4])
    expect(replica.quorum.server(4)).toMatchObject({ host: '2001:db8::1', clientHost: '::', clientPort: 2182 })
    expect(replica.clientPort).toBe(2182)
    expect(warnings).toEqual([])
    expect(read(lines.slice(2).concat('dataDir=/data'), myid(4)).warnings).toEqual([
      "Peer type from servers list (OBSERVER) doesn't match peerType (PARTICIPANT). Defaulting to servers list.",
    ])
  })

  test('may leave the client port to the servers’ list, or have none at all', () => {
    const list = MEMBER.slice(2).map((line) => (line.startsWith('server.') ? `${line};127.0.0.1:2190` : line))
    expect(read(['dataDir=/data', ...list], myid(1))).toMatchObject({
      clientHost: '127.0.0.1',
      replica: { clientPort: 2190 },
    })
    expect(read(['dataDir=/data']).replica.clientPort).toBe(-1)
  })

  test('may keep the members in a file of their own, whose name ends in their version', () => {
    const file = '/etc/zoo.cfg.dynamic.10000000a'
    const lines = [...MEMBER.slice(0, 4), `dynamicConfigFile=${file}`]
    const next = [...THREE, 'version=200000001'].join('\n')
    const settings = read(lines, myid(1, { [file]: THREE.join('\n'), [`${PATH}.dynamic.next`]: next }))
    expect(settings.hasDynamicFile).toBe(true)
    expect(settings.replica.quorum.version).toBe(0x10000000an)
    expect(settings.replica.lastSeenQuorum?.version).toBe(0x200000001n)
    const unversioned = read(
      [...MEMBER.slice(0, 4), 'dynamicConfigFile=/etc/members'],
      myid(1, { '/etc/members': THREE.join('\n') }),
    )
    expect(unversioned.replica.quorum.version).toBe(0n)
  })
})

describe('a zoo.cfg is refused', () => {
  test.each<[string, readonly string[], Machine]>([
    ['dataDir is not set', ['clientPort=2181'], {}],
    ['For input string: "x"', [...ALONE, 'tickTime=x'], {}],
    ['For input string: ""', [...ALONE, 'initLimit='], {}],
    ['For input string: "2147483648"', [...ALONE, 'maxClientCnxns=2147483648'], {}],
    ['tickTime is not set', [...ALONE, 'tickTime=0'], {}],
    ['port out of range:70000', ['dataDir=/data', 'clientPort=70000'], {}],
    ['clientPortAddress is set but clientPort is not set', ['dataDir=/data', 'clientPortAddress=::1'], {}],
    [
      'minSessionTimeout must not be larger than maxSessionTimeout',
      [...ALONE, 'minSessionTimeout=5', 'maxSessionTimeout=4'],
      {},
    ],
    ['Invalid electionAlg value. Only 3 is supported.', [...ALONE, 'electionAlg=0'], {}],
    ['Unrecognised peertype: voter', [...ALONE, 'peerType=voter'], {}],
    [
      "Invalid option yes for quorumListenOnAllIPs. Choose 'true' or 'false.'",
      [...ALONE, 'quorumListenOnAllIPs=yes'],
      {},
    ],
    ['initLimit is not set', MEMBER.filter((line) => !line.startsWith('initLimit')), myid(1)],
    ['syncLimit is not set', MEMBER.filter((line) => !line.startsWith('syncLimit')), myid(1)],
    ['myid file is missing', MEMBER, {}],
    ['serverid one is not a number', MEMBER, myid('one')],
    ['serverid null is not a number', MEMBER, { files: { '/data/myid': '' } }],
    ['My id 9 not in the peer list', MEMBER, myid(9)],
    ['standaloneEnabled = false then number of participants should be >0', [...ALONE, 'standaloneEnabled=false'], {}],
    ['Observers w/o participants is an invalid configuration', [...ALONE, 'server.1=a:1:2:observer'], {}],
    ['Observers w/o quorum is an invalid configuration', [...ALONE, 'server.1=a:1:2', 'server.2=a:3:4:observer'], {}],
    ['Unrecognised peertype: boss', [...ALONE, 'server.1=a:1:2:boss'], {}],
    [
      'Client and election port must be different! Please update the configuration file on server.1',
      [...ALONE, 'server.1=a:1:1'],
      {},
    ],
    [
      'parameter: server.1 must be in a separate dynamic config file',
      [...MEMBER, 'dynamicConfigFile=/etc/members'],
      myid(1),
    ],
    ['Error processing /etc/members', [...ALONE, 'dynamicConfigFile=/etc/members'], {}],
    [
      "dynamic file shouldn't have version inside",
      [...ALONE, 'dynamicConfigFile=/etc/members'],
      { files: { '/etc/members': 'version=1' } },
    ],
    [
      'Unrecognised parameter: clientPort',
      [...ALONE, 'dynamicConfigFile=/etc/members'],
      { files: { '/etc/members': 'clientPort=1' } },
    ],
    [
      'client address for this server (id = 1) in static config file is 0.0.0.0/0.0.0.0:2181 is different from client ' +
        'address found in dynamic file: /10.0.0.1:2182',
      MEMBER.map((line) => (line.startsWith('server.1') ? `${line};10.0.0.1:2182` : line)),
      myid(1),
    ],
  ])('because: %s', (sentence, lines, machine) => {
    expect(() => read(lines, machine)).toThrow(new ConfigError(sentence))
  })
})

describe('a person is warned', () => {
  test.each<[string, readonly string[], Machine]>([
    ['secureClientPort has no meaning here and is ignored', [...ALONE, 'secureClientPort=2281'], {}],
    ['fsync.warningthresholdms has no meaning here and is ignored', [...ALONE, 'fsync.warningthresholdms=64'], {}],
    ['nosuch.key has no meaning here and is ignored', [...ALONE, 'nosuch.key=1'], {}],
    ['metricsProvider.httpPort has no meaning here and is ignored', [...ALONE, 'metricsProvider.httpPort=7000'], {}],
    [
      'java.net.preferIPv4Stack has no meaning here and is ignored',
      ALONE,
      { properties: { 'java.net.preferIPv4Stack': 'true' } },
    ],
    // It is a property without ZooKeeper's prefix, and cannot be set in zoo.cfg.
    ['jute.maxbuffer has no meaning here and is ignored', [...ALONE, 'jute.maxbuffer=100'], {}],
    ['Invalid autopurge.snapRetainCount: 2. Defaulting to 3', [...ALONE, 'autopurge.snapRetainCount=2'], {}],
    [
      'The configured commitLogCount 20 is less than the recommended 500, going to use the recommended one',
      [...ALONE, 'commitLogCount=20'],
      {},
    ],
    ['SnapCount should be 2 or more. Now, snapCount is reset to 2', [...ALONE, 'snapCount=1'], {}],
    ['No server failure will be tolerated. You need at least 3 servers.', MEMBER.slice(0, -1), myid(1)],
    ['Non-optimal configuration, consider an odd number of servers.', [...MEMBER, 'server.4=d:2888:3888'], myid(1)],
  ])('%s', (warning, lines, machine) => {
    expect(read(lines, machine).warnings).toEqual([warning])
  })
})

describe('arguments in place of a zoo.cfg', () => {
  const arguments_ = (...args: string[]): ServerSettings => readArguments(args, new Map())

  test('are client port, data directory, and perhaps tick and connections from one address', () => {
    expect(arguments_('2181', '/data')).toMatchObject({
      dataDir: '/data',
      replica: { standalone: true, clientPort: 2181, tickTimeMs: 3000, maxClientCnxns: 60 },
    })
    expect(arguments_('2181', '/data', '100', '3').replica).toMatchObject({ tickTimeMs: 100, maxClientCnxns: 3 })
  })

  test('must be two to four, and numbers where numbers are wanted', () => {
    expect(() => arguments_('2181')).toThrow(new ConfigError('Invalid number of arguments:[2181]'))
    expect(() => arguments_('1', '2', '3', '4', '5')).toThrow(
      new ConfigError('Invalid number of arguments:[1, 2, 3, 4, 5]'),
    )
    expect(() => arguments_('port', '/data')).toThrow(new ConfigError('For input string: "port"'))
  })
})
