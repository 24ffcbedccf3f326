/** What the museum says of each of its pieces. */
export const pieces = {
  'ack-before-history': {
    title: 'The promise before the disk',
    bug: 'a learner acknowledges its leader’s history before it is on disk',
    schedule:
      'A leader logs a write that nobody else has, and stops. It leads again, with one follower whose disk is slow; that one says that it has everything. The leader serves the write. Then both lose power, and the follower comes back with the third server.',
    theirs:
      'Until 3.9.1 and 3.8.4 the records of a synchronization were only queued when NEWLEADER was acknowledged. With the power they are gone, and a quorum without the write is elected: a client had read it, and it is lost.',
    ours: 'The ACK waits for the disk, so the leader serves nothing before its history is safe twice.',
  },
  'epoch-before-history': {
    title: 'The epoch comes first',
    bug: 'currentEpoch is written before the history that it stands for',
    schedule:
      'A follower sleeps through some writes. The leader stops, another one is elected and brings the sleeper up to date; its disk is slow.',
    theirs:
      'Until 3.9.1 currentEpoch was on disk before the records. A crash in between leaves a server with a new epoch and a short log. Epochs are compared first in an election, so it wins against a server that has everything, and has it truncated.',
    ours: 'History first, then currentEpoch, then the ACK.',
  },
  'diff-by-number': {
    title: 'In range, but not of the family',
    bug: 'a learner within the numbers of the window is sent a DIFF, whatever it has',
    schedule:
      'A leader that is cut off logs a write alone and stops. The others go on in a new epoch. Then it comes back.',
    theirs:
      'Up to 3.3.3 the new leader saw a zxid between its oldest and newest, and sent only what follows. The write that was never committed stays on one server for ever.',
    ours: 'The leader looks for the very zxid in its history; it is not there, so the learner’s tail is cut off.',
  },
  'retained-database': {
    title: 'Memory and log disagree',
    bug: 'the tree stays in memory from one role to the next',
    schedule:
      'A leader that is cut off logs a write alone, gives up after its sync limit, and is elected or follows again when the network heals.',
    theirs:
      'From 3.4.10 and 3.5.3 to 3.6.0 the server said what its memory had, one write less than its log. It was sent nothing, kept the record in the log, and at its next start had a value that no one else has.',
    ours: 'A server that leaves a role reads its own files again: it says what a restart would find.',
  },
  'trunc-keeps-snapshot': {
    title: 'The cut log and the whole snapshot',
    bug: 'TRUNC leaves a snapshot that is newer than the cut',
    schedule:
      'A server with a write of its own is elected, and its only follower stops at once. The other two go on. It comes back and is told to cut its log.',
    theirs:
      'Before it had a quorum, the candidate took a snapshot with that write. TRUNC cuts the log and then reloads the tree, from that snapshot. Open in all versions.',
    ours: 'No snapshot before an epoch is established, and TRUNC takes newer snapshots away first.',
  },
  'snapshot-before-quorum': {
    title: 'A photograph of what was never agreed',
    bug: 'a candidate takes a snapshot of what no quorum has',
    schedule: 'A server with a write of its own is elected, and its only follower stops at once.',
    theirs:
      'At the beginning of its leadership it loads its log to the end and takes a snapshot. Whatever happens later, that write is in a snapshot, and no truncation of the log reaches it.',
    ours: 'A snapshot contains only what is committed.',
  },
  'snap-keeps-log': {
    title: 'The tail that comes back',
    bug: 'a learner that is sent SNAP keeps its old log',
    schedule:
      'A leader that is cut off logs a write alone and stops. The others elect a leader and write nothing. It comes back, is sent a snapshot, and is restarted.',
    theirs:
      'The tree in memory is right, but the old record stays in the log behind the snapshot, and the next start replays it. Seen in 3.4.9, still open.',
    ours: 'What is off the leader’s history goes from the disk before the learner acknowledges.',
  },
  'interrupted-snap': {
    title: 'A snapshot in memory only',
    bug: 'an interrupted SNAP counts as received',
    schedule: 'A follower that is far behind is sent a whole snapshot, and the leader stops before it says NEWLEADER.',
    theirs:
      'Up to 3.5.9 and 3.6.2 the tree stayed in memory and nothing was on disk. The next leader sent only what follows; after a restart all data before it was gone, silently.',
    ours: 'What was not acknowledged is not there: the server reads its files again before it votes.',
  },
  'snapshot-behind-its-label': {
    title: 'The wrong label on a snapshot',
    bug: 'a snapshot is older than the zxid it bears',
    schedule: 'A follower sleeps twice through some writes, and is sent a snapshot each time.',
    theirs:
      'Up to 3.5.4 NEWLEADER and what follows were queued before the tree was written out. The label and the content belonged to two moments; after a crash the follower claimed txns that it had never applied.',
    ours: 'A snapshot is taken at one zxid, and forwarding begins behind it.',
  },
  'hole-in-the-window': {
    title: 'A hole that is passed on',
    bug: 'txns applied during synchronization are missing from the window',
    schedule:
      'Five servers. One sleeps early, another one later; the latter is brought up to date, then leads, and brings the first up to date.',
    theirs:
      '3.9.3 applied the txns of a synchronization by a path that did not put them into the window of committed txns. The next leader’s DIFF had a hole, and the learner accepted it.',
    ours: 'There is one way to apply a txn, and each must stand behind its predecessor.',
  },
  'counter-carries': {
    title: 'The counter runs over',
    bug: 'the counter of zxids carries into the epoch, after 32 txns here',
    schedule: 'A client writes until the counter of the epoch is used up.',
    theirs:
      'Up to 3.3.4 the 32 bits of the counter ran over into the epoch: the leader proposed in an epoch that nobody had given it. Since then the ensemble elects anew.',
    ours: 'The leader gives up its office before the counter is used up.',
  },
  'temporary-error-forgiven': {
    title: 'Just a moment of bad disk',
    bug: 'a record that the disk refuses for a moment is left out',
    schedule: 'The disk of a follower refuses two writes and is well again. Later the server is restarted.',
    theirs:
      'The records are not in its log, but their COMMITs come and its memory has them. After a restart the log has a hole. Open in all versions.',
    ours: 'An I/O error ends the server: a disk that failed is promised nothing on.',
  },
  'full-disk-ignored': {
    title: 'The leader’s disk is full',
    bug: 'a record that has no room counts as written',
    schedule: 'The disk of the leader is full, and a client writes.',
    theirs:
      'Up to 3.6 the thread that logs died or went on without logging, and the rest of the server kept its heartbeats: it stayed leader, and either nothing was committed or it was not on its disk.',
    ours: 'The leader stops, and another one is elected.',
  },
  'close-missed-in-sync': {
    title: 'The lock that nobody holds',
    bug: 'a learner that is sent the close of a session keeps its ephemerals',
    schedule: 'A client holds a lock and ends its session while a follower is away. The follower comes back.',
    theirs:
      'A failure while the close was read left the ephemerals on that server, up to 3.5.3: clients there see a lock that nobody holds, for ever.',
    ours: 'The close is applied like any other txn, and the trees’ digests are compared.',
  },
  'close-leaves-pzxid': {
    title: 'A child is gone and its parent does not know',
    bug: 'the close of a session does not tell the parents of its ephemerals',
    schedule: 'A client creates an ephemeral below a znode and ends its session.',
    theirs:
      'When a close was replayed on a newer tree, up to 3.5.4, the parent’s pzxid was not raised. A client that comes back with its watches relies on it and misses the change.',
    ours: 'Each deleted child is written to its parent, and replay begins at one zxid.',
  },
  'sessions-of-another-instant': {
    title: 'Two moments in one snapshot',
    bug: 'a snapshot has the tree of one moment and the sessions of another',
    schedule: 'Two clients with ephemerals write until snapshots are taken.',
    theirs:
      'Up to 3.5.4 the session table was written before the tree, while both changed: after a restart a znode belonged to a session that nobody knew.',
    ours: 'Sessions and tree are written at one zxid.',
  },
  'multi-in-two-steps': {
    title: 'Half a multi',
    bug: 'the last operation of a multi is done with the next txn',
    schedule: 'A client does several things in one multi, again and again.',
    theirs:
      'A snapshot that was taken while a multi was applied held a half of it, and said that it was done (up to 3.5.4). After a restart the other half never happened.',
    ours: 'Nothing can look at a tree between two operations of a multi.',
  },
  'wiped-disk-votes': {
    title: 'Elected by a stranger',
    bug: 'a member whose disk was wiped votes as if it had never had anything',
    schedule:
      'A write is on two servers of three. One of them loses its disk, the other one is away, and the third, which has slept through the write, comes back. Operators have said that an empty disk is not to be trusted.',
    theirs:
      'Up to 3.5, and by default to this day, an empty disk counts as that of a new member. The sleeper and the stranger are a quorum without the write: it is lost, and its owner has to forget it when it comes back.',
    ours: 'By default as theirs. With zookeeper.db.autocreate=false, as here, the stranger’s vote does not count until it has been synchronized: the two wait for the third.',
  },
  'log-queue-survives': {
    title: 'The queue that outlives its owner',
    bug: 'the log is written on after its role has ended',
    schedule:
      'Five servers. Clients write as fast as they can, and the leader stops while proposals arrive at its followers.',
    theirs:
      'Up to 3.9.2, and in all of 3.8, the thread that logs goes on while the server is looking for a leader already. It tells others where its log ends, and then the log grows, perhaps behind a TRUNC.',
    ours: 'A role ends with its queue: the disk is synced, and the log is read anew before the first vote.',
  },
}
