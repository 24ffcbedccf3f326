/** `nc HOST PORT`: writes the one line that it is given to a server's port, and tells what comes back until the server
 *  closes. */
import type { Address, Host } from '../core/host.ts'
import { decodeUtf8, toUtf8 } from '../core/wire/utf8.ts'
import type { Process } from './process.ts'

/** A server that neither answers nor closes is not waited for any longer. */
const PATIENCE_MS = 30_000

export class NetCat implements Process {
  readonly #host: Host
  readonly #to: Address

  constructor(host: Host, to: Address) {
    this.#host = host
    this.#to = to
  }

  type(line: string, done: Parameters<NonNullable<Process['type']>>[1]): void {
    const chunks: number[] = []
    let opened = false
    let over = false
    const end = (problem?: string): void => {
      if (over) return
      over = true
      timer.cancel()
      connection.close()
      const text = decodeUtf8(Uint8Array.from(chunks)).replace(/\n$/, '')
      const out = chunks.length === 0 ? [] : text.split('\n').map((each) => ({ stream: 'out' as const, text: each }))
      const err = problem === undefined ? [] : [{ stream: 'err' as const, text: problem }]
      done({ lines: [...out, ...err], exitCode: problem === undefined ? 0 : 1, ended: true })
    }
    const { host, port } = this.#to
    const connection = this.#host.network.connect(this.#to, {
      onOpen: () => {
        opened = true
      },
      onData: (bytes) => {
        for (const byte of bytes) chunks.push(byte)
      },
      onClose: (cause) => {
        const why = cause === 'refused' ? 'Connection refused' : 'No route to host'
        end(opened || chunks.length > 0 ? undefined : `nc: connect to ${host} port ${port} (tcp) failed: ${why}`)
      },
    })
    const timer = this.#host.clock.after(PATIENCE_MS, () => end(`nc: ${host} does not answer`))
    connection.write(toUtf8(`${line}\n`), { protocol: 'client', type: line.slice(0, 4) })
  }
}
