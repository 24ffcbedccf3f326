/** T: znodes. */
import { change } from './change.mjs'

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const treeMutants = [
  {
    name: 'outstanding-not-looked-at',
    says: 'Requests are checked against the tree as it is, not as it will be when everything proposed is applied.',
    expect: ['T-1', 'T-3', 'T-5'],
    changes: [
      change(
        'core/server/outstanding-changes.ts',
        'return record === undefined ? this.#tree.state(path) : (record.state ?? undefined)',
        'return record === undefined || record.zxid > 0n ? this.#tree.state(path) : undefined',
      ),
    ],
  },
  {
    name: 'child-stays-listed',
    says: 'A child that is deleted stays in its parent’s list.',
    expect: ['T-2', 'C-6'],
    changes: [
      change(
        'core/tree/node-table.ts',
        'this.#unhang(index)\n',
        'this.#unhang(index)\n    if (index % 3 === 0) return\n',
      ),
    ],
    shape: { deeds: { create: 3, delete: 3, children: 3 } },
  },
  {
    name: 'cversion-counts-deletions',
    says: 'cversion is raised by deletions as well.',
    expect: ['D-7', 'T-3'],
    changes: [
      change(
        'core/tree/data-tree.ts',
        'if (zxid > parent.pzxid) parent.pzxid = zxid\n',
        'if (zxid > parent.pzxid) parent.pzxid = zxid\n      parent.cversion++\n',
      ),
    ],
  },
  {
    name: 'version-skips',
    says: 'setData raises the version by two.',
    expect: ['T-3'],
    changes: [
      change(
        'core/server/prep.ts',
        'const next = nextVersion(node.stat.version, version)\n    if (next === undefined) return ErrorCode.BadVersion\n    const { acl, childCount, stat } = node\n',
        'const next = (nextVersion(node.stat.version, version) ?? -9) + 1\n    if (next < -1) return ErrorCode.BadVersion\n    const { acl, childCount, stat } = node\n',
      ),
    ],
  },
  {
    name: 'any-version-will-do',
    says: 'A write is done although its znode has another version than the client asks for.',
    expect: ['T-3', 'C-1', 'O-3'],
    changes: [
      change('core/server/prep.ts', 'expected === -1 || expected === current ?', 'expected === -1 || expected >= 0 ?'),
    ],
  },
  {
    name: 'close-leaves-pzxid',
    says: 'The close of a session deletes its ephemerals and does not tell their parents.',
    bug: 'ZOOKEEPER-3145',
    expect: ['D-7', 'T-4'],
    seed: 2,
    changes: [
      change(
        'core/tree/data-tree.ts',
        'for (const path of paths) {\n      this.#delete(path, zxid, changes)',
        'for (const path of paths) {\n      this.#delete(path, ZXID_0, changes)',
      ),
    ],
  },
  {
    name: 'mzxid-is-czxid',
    says: 'Clients are shown the zxid of a znode’s creation as that of its last change.',
    expect: ['T-4'],
    changes: [change('core/tree/znode.ts', '  mzxid: node.mzxid,', '  mzxid: node.czxid,')],
  },
  {
    name: 'sequence-by-children',
    says: 'A sequential znode gets the number of children that there are now.',
    expect: ['T-5'],
    changes: [
      change('core/server/prep.ts', 'sequenceSuffix(parent.stat.cversion)', 'sequenceSuffix(parent.childCount)'),
    ],
    shape: { deeds: { sequential: 3, delete: 2 } },
  },
  {
    name: 'children-of-ephemerals',
    says: 'Ephemerals may have children.',
    expect: ['T-6'],
    changes: [
      change(
        'core/server/prep.ts',
        "=== 'ephemeral')\n      return ErrorCode.NoChildrenForEphemerals",
        "=== 'none')\n      return ErrorCode.NoChildrenForEphemerals",
      ),
    ],
  },
  {
    name: 'half-a-multi',
    says: 'Of a multi that fails, the operations before the one that failed are done.',
    expect: ['T-7', 'D-7'],
    changes: [
      change(
        'core/tree/data-tree.ts',
        "failed && part.kind !== 'error' ?",
        "failed && afterError && part.kind !== 'error' ?",
      ),
    ],
  },
  {
    name: 'multi-in-two-steps',
    says: 'The last operation of a multi is executed with the next txn.',
    bug: 'ZOOKEEPER-3127',
    expect: ['T-7', 'D-7'],
    changes: [
      change(
        'core/tree/data-tree.ts',
        'for (const part of parts) {',
        'for (const part of parts.length > 1 && !failed ? parts.slice(0, -1) : parts) {',
      ),
    ],
  },
  {
    name: 'error-touches-the-tree',
    says: 'A txn that carries an error raises the cversion of the root.',
    expect: ['T-8'],
    changes: [
      change(
        'core/tree/data-tree.ts',
        "      case 'error':\n        return",
        "      case 'error':\n        if (header.type === OpCode.error) this.#change('', this.#get('') as ZNode, () => (this.#get('') as ZNode).pzxid++)\n        return",
      ),
    ],
  },
  {
    name: 'ghosts-of-a-multi',
    says: 'What a multi would have changed stays outstanding when the multi fails.',
    expect: ['T-1', 'D-8', 'T-3', 'T-5'],
    changes: [change('core/server/prep.ts', 'if (!failed) this.#changes.rollback(header.zxid)\n', '')],
  },
  {
    name: 'acl-not-set',
    says: 'setACL raises aversion and leaves the list as it was.',
    expect: ['T-11'],
    changes: [change('core/tree/data-tree.ts', 'node.acl = this.#acls.intern(acl)\n    })', '\n    })')],
    shape: { deeds: { setAcl: 1, getAcl: 2 } },
  },
  {
    name: 'acl-ids-begin-anew',
    says: 'After a snapshot is read, new ACLs get numbers that are in use.',
    bug: 'ZOOKEEPER-3306',
    expect: ['T-11'],
    changes: [
      change('core/tree/acl-cache.ts', '\n      if (id > this.#lastId) this.#lastId = id', ''),
      change('core/tree/acl-cache.ts', 'else if (id > this.#lastId) this.#lastId = id', ''),
    ],
    shape: {
      deeds: { setAcl: 1, getAcl: 1, auth: 0.5 },
      families: ['kill', 'powerCut', 'partition'],
      config: { snapCount: 10 },
    },
  },
  {
    name: 'expiry-cleans-up-early',
    says: 'A leader that expires a session deletes its ephemerals in its own tree before the txn is committed.',
    bug: 'no number: sessions that are gone, at the start of a leader',
    expect: ['D-7', 'T-12', 'X-2'],
    changes: [
      change(
        'core/zab/leader.ts',
        "this.#context.host.trace.emit({ kind: 'sessionClosing', session, cause: 'expired' })",
        `this.#context.host.trace.emit({ kind: 'sessionClosing', session, cause: 'expired' })
    const { tree } = this.#context.database
    const header = { clientId: session, cxid: 0, zxid: tree.lastProcessedZxid, time: 0n, type: OpCode.closeSession }
    tree.apply(header, { kind: 'closeSession', type: OpCode.closeSession, body: { paths2Delete: tree.ephemerals(session) } })`,
      ),
    ],
    shape: { deeds: { ephemeral: 2, vanish: 0.5 } },
  },
  {
    name: 'sessions-leave-a-mark',
    says: 'The txn that creates a session, which changes nothing, raises the pzxid of the root.',
    expect: ['T-12'],
    changes: [
      change(
        'core/tree/data-tree.ts',
        "      case 'createSession':\n        return",
        "      case 'createSession':\n        this.#change('', this.#get('') as ZNode, () => (this.#get('') as ZNode).pzxid++)\n        return",
      ),
    ],
  },
  {
    name: 'slash-at-the-end',
    says: 'A sequential znode is created with a slash behind its number.',
    expect: ['T-13'],
    changes: [
      change(
        'core/server/prep.ts',
        'given + sequenceSuffix(parent.stat.cversion) : given',
        "given + sequenceSuffix(parent.stat.cversion) + '/' : given",
      ),
      change(
        'core/server/prep.ts',
        'if (validatePath(path) !== undefined) return ErrorCode.BadArguments\n    if (this.#changes',
        'if (this.#changes',
      ),
    ],
  },
]
