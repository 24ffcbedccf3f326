/** C: what clients are promised. */
import { change } from './change.mjs'

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const clientMutants = [
  {
    name: 'failure-told-as-success',
    says: 'A write that has failed is answered as if it had succeeded.',
    expect: ['C-1'],
    changes: [
      change(
        'core/server/final.ts',
        'return { err: request.error || result.err, body: null }',
        'return { err: 0, body: null }',
      ),
    ],
  },
  {
    name: 'forwarded-twice',
    says: 'A follower sends each of its clients’ requests to the leader twice.',
    expect: ['C-2'],
    changes: [
      change(
        'core/zab/learner.ts',
        '  submit(request: Request): void {\n    this.#quorum?.send(',
        '  submit(request: Request): void {\n    for (let n = 0; n < 2; n++) this.#quorum?.send(',
      ),
    ],
  },
  {
    name: 'answered-when-proposed',
    says: 'A leader tells its client that a znode is deleted when that is proposed.',
    expect: ['C-3'],
    seed: 11,
    changes: [
      change(
        'core/server/client-side.ts',
        'this.#commits.write(request)\n    this.#options.role.submit(request)',
        `this.#commits.write(request)
    this.#options.role.submit(request)
    if (request.type === OpCode.delete && request.logged !== null && request.error === 0 && request.result === undefined)
      request.connection?.reply(request.cxid, request.type, request.logged.header.zxid, 0, null)`,
      ),
    ],
  },
  {
    name: 'reads-overtake',
    says: 'A read is answered at once, also when its session has a write on its way.',
    expect: ['C-4'],
    changes: [
      change(
        'core/server/commit-processor.ts',
        'if (queue === undefined) return request.reply?.(request)',
        'if (queue !== null) return request.reply?.(request)',
      ),
    ],
  },
  {
    name: 'errors-say-zxid-0',
    says: 'The answer to a request that failed says zxid 0.',
    expect: ['C-5'],
    changes: [
      change(
        'core/server/client-side.ts',
        'const zxid = refusedAhead && isWrite(type) ? ZXID_0 : this.lastApplied',
        'const zxid = err !== 0 || (refusedAhead && isWrite(type)) ? ZXID_0 : this.lastApplied',
      ),
    ],
  },
  {
    name: 'cached-answer',
    says: 'Answers of getData are cached by path and version, and a znode that was created anew is not noticed.',
    expect: ['C-6', 'T-4'],
    changes: [
      change(
        'core/server/final.ts',
        'return encode(GetDataResponse, { data: node.dataNow, stat })',
        `const key = \`\${path}@\${stat.version}\`
      const known = this.cache.get(key) ?? encode(GetDataResponse, { data: node.dataNow, stat })
      this.cache.set(key, known)
      return known`,
      ),
      change(
        'core/server/final.ts',
        '  readonly #host: Host\n',
        '  readonly cache = new Map()\n  readonly #host: Host\n',
      ),
    ],
  },
  {
    name: 'reads-from-yesterday',
    says: 'A server that has just come up answers its first reads as if it had seen nothing.',
    expect: ['C-7', 'C-5'],
    changes: [
      change(
        'core/server/client-side.ts',
        'const zxid = refusedAhead && isWrite(type) ? ZXID_0 : this.lastApplied',
        'const zxid = type === OpCode.getData && cxid % 7 === 0 ? ((this.lastApplied >> 32n << 32n) as Zxid) : this.lastApplied',
      ),
    ],
  },
  {
    name: 'sync-without-the-leader',
    says: 'A follower answers sync by itself.',
    expect: ['C-8'],
    changes: [
      change(
        'core/server/client-side.ts',
        "type === OpCode.sync && kind === 'learner'",
        "type === OpCode.sync && kind === 'none'",
      ),
    ],
    shape: {
      families: ['delay', 'clog'],
      config: { servers: 3 },
      deeds: { sync: 4, set: 2, burst: 1 },
      faultEveryMs: 1000,
    },
  },
  {
    name: 'missing-is-no-error',
    says: 'Who deletes a znode that does not exist is told ok.',
    expect: ['O-3'],
    seed: 30,
    changes: [
      change(
        'core/server/final.ts',
        'return { err: request.error || result.err, body: null }',
        'return { err: request.type === OpCode.delete && result.err === ErrorCode.NoNode ? 0 : request.error || result.err, body: null }',
      ),
    ],
  },
  {
    name: 'lost-and-answered',
    says: 'A client takes requests for lost that are answered in the same moment.',
    expect: ['C-9'],
    changes: [
      change(
        'core/client/cnxn.ts',
        'const packet = this.#pending[0]\n',
        'const packet = this.#pending[0]\n    if (packet !== undefined && packet.xid % 4 === 3) packet.finish(ErrorCode.ConnectionLoss, ZXID_0, undefined)\n',
      ),
    ],
  },
]
