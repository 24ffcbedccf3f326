/** What must hold, a line for each: its id, ZooKeeper's or its TLA+ specification's name where there is one, a title for a
 *  list, and one sentence. The checkers judge these; the page shows them. Order: as they are listed. */

export type Family =
  | 'election'
  | 'order'
  | 'synchronization'
  | 'storage'
  | 'tree'
  | 'sessions'
  | 'clients'
  | 'watches'
  | 'whole'
  | 'liveness'
  | 'run'

/** Who judges a property: whoever is given the events of a run; the simulator, which has the disks at hand; or tests alone. */
export type JudgedBy = 'run' | 'simulator' | 'tests'

export interface Property {
  readonly id: string
  readonly family: Family
  readonly by: JudgedBy
  /** As in the Zab paper or ZooKeeper's TLA+ specifications. */
  readonly name?: string
  readonly title: string
  readonly statement: string
}

const table = {
  'E-1': ['election', 'One leader for an epoch', 'No epoch is established by two servers.', 'Leadership'],
  'E-2': [
    'election',
    'Epochs never go back',
    'What a disk says of acceptedEpoch and currentEpoch never decreases, and the accepted one is never the smaller.',
  ],
  'E-3': [
    'election',
    'A promised epoch is kept',
    'Whoever has accepted an epoch acknowledges nothing to a leader of an older one.',
  ],
  'E-4': [
    'election',
    'currentEpoch stands for a history',
    'When a learner’s currentEpoch becomes durable, the history of that epoch is on its disk already.',
  ],
  'E-5': [
    'election',
    'The leader has everything',
    'When an epoch is established, its leader holds all that was ever committed.',
    'LeaderLogCompleteness',
  ],
  'E-6': [
    'election',
    'Votes are counted as they were cast',
    'A server is elected by a quorum of voters who have said so in this round, and by no weaker vote than others it heard.',
  ],
  'E-7': ['election', 'One role at a time', 'Only the established leader of an epoch proposes, and only in it.'],
  'E-8': [
    'election',
    'Stepping down is total',
    'After a server has left a role, nothing of that role reaches its log, its tree, a peer, or a client.',
  ],
  'Z-0': ['order', 'A zxid names one txn', 'No two txns ever have the same zxid, on whatever server.', 'TxnUniqueness'],
  'Z-1': [
    'order',
    'Nothing out of nothing',
    'Every txn that is delivered was proposed by the leader of its epoch.',
    'Integrity',
  ],
  'Z-2': [
    'order',
    'No gap, no change of order',
    'In every log, and in every sequence of applied txns, each txn stands behind its own predecessor.',
  ],
  'Z-3': [
    'order',
    'Prefix consistency',
    'What a server delivers is the committed history, from its beginning, without a hole.',
    'PrefixConsistency',
  ],
  'Z-4': ['order', 'Agreement', 'All commits continue one single history.', 'Agreement'],
  'Z-5': [
    'order',
    'Order within an epoch',
    'Txns of an epoch are committed in the order of their proposals.',
    'LocalPrimaryOrder',
  ],
  'Z-6': [
    'order',
    'Order of epochs',
    'No txn of an older epoch is delivered after one of a newer epoch.',
    'GlobalPrimaryOrder',
  ],
  'Z-7': [
    'order',
    'Primary integrity',
    'A leader proposes only on top of everything that was committed before its epoch.',
    'PrimaryIntegrity',
  ],
  'Z-8': [
    'order',
    'Committed is on a quorum of disks',
    'What is committed, a quorum of voters has on disk at that moment.',
  ],
  'Z-9': [
    'order',
    'Committed stays committed',
    'No truncation, snapshot, recovery, or purge takes a committed txn from a quorum of disks.',
    'CommittedLogDurability',
  ],
  'Z-10': [
    'order',
    'Commits follow proposals',
    'A follower is told to commit only the oldest proposal that it was sent and has not committed.',
    'CommitConsistent',
  ],
  'Z-11': [
    'order',
    'Zxids count by one',
    'A new txn has the next counter of its epoch, and no counter ever runs into the epoch.',
  ],
  'S-1': [
    'synchronization',
    'A learner lands on the leader’s history',
    'Whoever acknowledges NEWLEADER has the leader’s initial history on disk, and nothing beside it.',
    'ProcessConsistency',
  ],
  'S-2': [
    'synchronization',
    'TRUNC leaves nothing behind',
    'After TRUNC no record and no snapshot is newer than the cut.',
  ],
  'S-3': [
    'synchronization',
    'SNAP replaces the old log',
    'After SNAP recovery finds the leader’s history and no record of the old one.',
  ],
  'S-4': [
    'synchronization',
    'What is reported is what is on disk',
    'A vote, FOLLOWERINFO, or ACKEPOCH names the zxid that a restart would find, never what only memory knows.',
  ],
  'S-5': [
    'synchronization',
    'Nothing lost, nothing twice',
    'What a leader sends to a learner continues the learner’s history, each txn once.',
  ],
  'S-6': [
    'synchronization',
    'Nothing visible before its commit',
    'No server applies a txn that is not committed.',
    'MonotonicRead',
  ],
  'S-7': ['synchronization', 'NEWLEADER is acknowledged first', 'No ACK of a proposal overtakes the ACK of NEWLEADER.'],
  'S-8': [
    'synchronization',
    'One epoch on a connection',
    'LEADERINFO, NEWLEADER, new proposals, and the learner’s currentEpoch all say the same epoch.',
  ],
  'D-1': ['storage', 'ACK means on disk', 'A server acknowledges a proposal only after its disk has it for sure.'],
  'D-2': [
    'storage',
    'Recovery finds what was safe',
    'A restart finds at least what was durable and at most what was logged.',
  ],
  'D-3': [
    'storage',
    'Logs only grow',
    'A record that was written is never written again in place; a log grows at its end or is cut there.',
  ],
  'D-4': [
    'storage',
    'Only the tail may be torn',
    'Damage before the end of the log is damage, not the end: the server does not start with less.',
  ],
  'D-5': [
    'storage',
    'Snapshot and log agree',
    'A snapshot together with the records behind it is the tree that the history makes.',
  ],
  'D-6': [
    'storage',
    'Purging is safe',
    'When a file is purged, a whole durable snapshot and all records behind it are left.',
  ],
  'D-7': ['storage', 'Equal zxids, equal trees', 'All servers have the same tree after the same txn.'],
  'D-8': [
    'storage',
    'The digest is the tree’s',
    'The digest kept up with every change equals the one computed anew from all znodes.',
  ],
  'D-9': ['storage', 'A failed disk is the end', 'After an I/O error a server promises nothing any more.'],
  'D-10': [
    'storage',
    'A full disk is the end',
    'A server that cannot write leaves its role before it promises anything.',
  ],
  'D-11': [
    'storage',
    'ZooKeeper’s file formats',
    'A reader that is not the writer reads every log and snapshot that was written.',
  ],
  'D-12': [
    'storage',
    'A wiped disk does not vote',
    'A member whose files are gone does not count until it has been synchronized.',
  ],
  'T-1': [
    'tree',
    'Every znode has a parent',
    'A znode is created below one that exists, and deleted only without children.',
  ],
  'T-2': ['tree', 'Children are counted', 'numChildren is the number of children.'],
  'T-3': [
    'tree',
    'Versions count changes',
    'version, cversion, and aversion count changes of data, children, and ACL since the znode was created.',
  ],
  'T-4': [
    'tree',
    'zxids of a znode',
    'czxid, mzxid, and pzxid are those of the creation, the last change, and the last change of a child.',
  ],
  'T-5': [
    'tree',
    'Sequence numbers',
    'The number of a sequential znode is never given twice below the same parent, and only grows.',
  ],
  'T-6': [
    'tree',
    'Kinds of znodes',
    'Ephemerals have no children; containers and TTL nodes go only empty, and in their time.',
  ],
  'T-7': ['tree', 'A multi is one step', 'All operations of a multi happen at one zxid, or none does.'],
  'T-8': ['tree', 'A failed write changes nothing', 'A txn that carries an error leaves the tree as it was.'],
  'T-9': ['tree', 'The same everywhere', 'The same txns give the same tree in every engine.'],
  'T-10': [
    'tree',
    'Quotas are accounted',
    'A quota’s count and bytes are those of its subtree, and an enforced limit holds.',
  ],
  'T-11': ['tree', 'ACLs', 'The ACL in force is the one last set.'],
  'T-12': ['tree', 'Only txns change the tree', 'Between two txns the tree stays as it is.'],
  'T-13': ['tree', 'Only valid writes become txns', 'An invalid path or an unknown operation never gets into the log.'],
  'X-1': ['sessions', 'The life of a session', 'A session is created once, and does nothing after its end.'],
  'X-2': [
    'sessions',
    'Ephemerals end with their session',
    'The close of a session deletes all its ephemerals, in the same txn, and nothing else does so unasked.',
  ],
  'X-3': [
    'sessions',
    'No session expires early',
    'A leader expires a session only after a whole timeout in which it heard nothing of it.',
  ],
  'X-4': ['sessions', 'Silent sessions expire', 'A session without a client ends within its timeout and one tick.'],
  'X-5': ['sessions', 'One owner', 'After a session has moved, nothing that came by way of its old server is done.'],
  'X-6': [
    'sessions',
    'Taking up a session needs proof',
    'A server takes up a session only with its password, and only if it has seen what the client has seen.',
  ],
  'X-7': ['sessions', 'Session ids are unique', 'No session id is given twice, and each begins with its server’s id.'],
  'X-8': [
    'sessions',
    'Timeouts are negotiated',
    'A session gets the timeout that it asked for, within the limits of the ensemble.',
  ],
  'X-9': ['sessions', 'Local sessions own nothing', 'An ephemeral belongs to a session that the whole ensemble knows.'],
  'C-1': [
    'clients',
    'Linearizable writes',
    'A write comes behind every write that was answered before it began, and its answer is that of its place.',
  ],
  'C-2': ['clients', 'At most once', 'A request becomes one txn at most.'],
  'C-3': ['clients', 'Answered is durable', 'A write that was answered is in the committed history.'],
  'C-4': [
    'clients',
    'FIFO client order',
    'The requests of a session are done and answered in the order in which they were sent.',
  ],
  'C-5': [
    'clients',
    'Single system image',
    'A session never sees an older state than it has seen, whatever server it is at.',
  ],
  'C-6': ['clients', 'Reads are states', 'What is read is exactly the state at the zxid that stands in the answer.'],
  'C-7': ['clients', 'A session reads its writes', 'A read sees what the session has written before it.'],
  'C-8': ['clients', 'sync', 'After sync a server has applied what its leader had committed when the sync was sent.'],
  'C-9': ['clients', 'One outcome', 'Every request ends once: answered, or lost.'],
  'C-10': ['clients', 'Read-only is read only', 'A read-only server writes nothing and grants no lasting session.'],
  'W-1': [
    'watches',
    'The event before the state',
    'A client hears of a change that it watches for before it sees any state with that change.',
  ],
  'W-2': [
    'watches',
    'No event is lost',
    'A watch that is set fires at the first change it waits for, as long as the connection lasts.',
  ],
  'W-3': [
    'watches',
    'No event out of nothing',
    'Each event belongs to a watch and to a change after the watch was set.',
  ],
  'W-4': [
    'watches',
    'Catching up',
    'A client that comes back is told what it missed before its watches are confirmed.',
  ],
  'W-5': [
    'watches',
    'Events in order',
    'Events of a connection come in the order of the txns, one of a kind for each.',
  ],
  'W-6': [
    'watches',
    'Who may hear of it',
    'No event for a watch that was removed, or of a znode that the client may not read.',
  ],
  'W-7': ['watches', 'Watches are local', 'A watch ends with its connection.'],
  'O-1': [
    'whole',
    'Recovery at any moment',
    'Whatever a power cut leaves of a disk now, recovery makes of it a state of the history.',
  ],
  'O-2': [
    'whole',
    'All alike in the end',
    'When all is healed and quiet, all servers have the same tree and sessions, and their files hold the same.',
  ],
  'O-3': [
    'whole',
    'Linearizable histories',
    'What clients saw can be put in one order that explains it all: found by search, without the zxids.',
  ],
  'L-1': ['liveness', 'A leader is elected', 'A connected quorum elects a leader in bounded time.'],
  'L-2': [
    'liveness',
    'It comes to serve',
    'A leader that was elected by a connected quorum establishes its epoch in bounded time.',
  ],
  'L-3': ['liveness', 'It stays', 'Without new faults the leader stays.'],
  'L-4': ['liveness', 'Writes are answered', 'A write at a server that serves is answered in bounded time.'],
  'L-5': [
    'liveness',
    'A sick leader goes',
    'A leader that has lost its quorum, its disk, or its time steps down within syncLimit.',
  ],
  'L-6': ['liveness', 'Laggards catch up', 'Every connected member comes to the committed state.'],
  'L-7': [
    'liveness',
    'Clients find a server',
    'A client that keeps trying is connected in bounded time, and its session outlives a short change of leader.',
  ],
  'L-8': ['liveness', 'Sessions end', 'A session whose client is gone ends in bounded time.'],
  'L-9': ['liveness', 'Nobody is stuck', 'No server stays between two states for longer than its limits.'],
  'R-1': ['run', 'Same run, same trace', 'Configuration, seed, and actions decide every event.'],
  'R-2': ['run', 'Windows are kept', 'Nothing arrives in the window in which it was sent.'],
  'R-3': ['run', 'Connections are like TCP', 'Bytes come in order, each once, and nothing after the end.'],
  'R-4': ['run', 'The picture is true', 'What the trace tells of a server is what is in it.'],
  'R-5': ['run', 'A power cut takes what it may', 'A power cut takes nothing that a completed sync has covered.'],
} as const satisfies { readonly [id: string]: readonly [Family, string, string, string?] }

export type PropertyId = keyof typeof table

const otherwise: { readonly [id in PropertyId]?: JudgedBy } = {
  'O-1': 'simulator',
  'T-9': 'tests',
  'R-4': 'tests',
}

export const properties: readonly (Property & { readonly id: PropertyId })[] = Object.entries(table).map(
  ([id, [family, title, statement, ...name]]) => ({
    id: id as PropertyId,
    family,
    by: otherwise[id as PropertyId] ?? 'run',
    title,
    statement,
    ...(name[0] === undefined ? {} : { name: name[0] }),
  }),
)
