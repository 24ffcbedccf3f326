/** A client for measurements: writes one znode over and over, always so many writes under way, and counts. */
import type { Reply } from '../core/client/reply.ts'
import { ClientSession } from '../core/client/session.ts'
import type { Host } from '../core/host.ts'
import { CreateMode } from '../core/wire/codes.ts'
import type { LoadSpec } from './ensemble.ts'
import type { Process } from './process.ts'

const PATH = '/load'
const OPEN_ACL = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]

export class Load implements Process {
  readonly #session: ClientSession
  readonly #data: Uint8Array
  #acknowledged = 0
  #failed = 0

  /** The servers are tried in the order of `connect`, so that the one who measures knows which way the writes go. */
  constructor(host: Host, connect: string, { outstanding, dataBytes }: LoadSpec) {
    this.#data = new Uint8Array(dataBytes).fill(0x78)
    this.#session = new ClientSession(host, connect, { shuffle: false })
    // Whether it was there already or not.
    this.#session.create(PATH, this.#data, OPEN_ACL, CreateMode.PERSISTENT, () => {
      for (let n = 0; n < outstanding; n++) this.#write()
    })
  }

  /** Whatever is typed, the answer is two numbers: writes acknowledged, writes failed. */
  type(_line: string, done: Parameters<NonNullable<Process['type']>>[1]): void {
    done({ lines: [{ stream: 'out', text: `${this.#acknowledged} ${this.#failed}` }], exitCode: 0 })
  }

  #write(): void {
    this.#session.setData(PATH, this.#data, -1, this.#answered)
  }

  readonly #answered = ({ ok }: Reply<unknown>): void => {
    if (ok) this.#acknowledged++
    else this.#failed++
    // A session that has ended would answer at once, for ever.
    if (this.#session.isAlive) this.#write()
  }
}
