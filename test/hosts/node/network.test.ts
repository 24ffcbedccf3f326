import { createServer, connect as openSocket, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { CloseCause, Connection, ConnectionHandlers } from '../../../src/core/host.ts'
import { NodeClock } from '../../../src/hosts/node/clock.ts'
import { TcpNetwork } from '../../../src/hosts/node/network.ts'

const PORT = 23380
const ADDRESS = { host: '127.0.0.1', port: PORT }

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const run of cleanUp.splice(0)) run()
})

function network(options: { pauses?: boolean; connectTimeoutMs?: number } = {}): TcpNetwork {
  const made = new TcpNetwork(new NodeClock(), {
    bindTo: () => '127.0.0.1',
    onListenFailed: (port, error) => failed.push(`${port} ${error.code}`),
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    pausesOn: () => options.pauses === true,
  })
  cleanUp.push(() => made.close())
  return made
}
let failed: string[] = []

const pause = (ms: number): Promise<void> => new Promise((settle) => setTimeout(settle, ms))
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await pause(1)
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What an end of a connection has heard. */
class Ear implements ConnectionHandlers {
  heard = ''
  open = false
  closed: CloseCause | undefined
  chunks = 0
  connection!: Connection
  onOpen(): void {
    this.open = true
  }
  onData(data: Uint8Array): void {
    this.heard += new TextDecoder().decode(data)
    this.chunks++
  }
  onClose(cause: CloseCause): void {
    this.closed = cause
  }
}

/** A listener of ours and a connection of ours to it. */
async function pair(): Promise<{ server: Ear; client: Ear }> {
  const server = new Ear()
  const client = new Ear()
  network().listen(PORT, (connection) => {
    server.connection = connection
    return server
  })
  client.connection = network().connect(ADDRESS, client)
  client.connection.write(bytes('early '))
  await until(() => client.open && server.heard !== '')
  return { server, client }
}

describe('a connection', () => {
  test('carries what is written, before it is open and after, both ways', async () => {
    const { server, client } = await pair()
    client.connection.write(bytes('late'))
    server.connection.write(bytes('hello'))
    await until(() => server.heard === 'early late' && client.heard === 'hello')
    expect(server.connection.remote.host).toBe('127.0.0.1')
    expect(server.connection.id).not.toBe('')
  })

  test('sends what one turn has written in one piece, however many writes there were', async () => {
    const { server, client } = await pair()
    server.chunks = 0
    for (let n = 0; n < 500; n++) client.connection.write(bytes('0123456789'))
    await until(() => server.heard.length === 'early '.length + 5000)
    expect(server.chunks).toBe(1)
  })

  test('carries more than fits into a buffer, in order', async () => {
    const { server, client } = await pair()
    const parts = Array.from({ length: 60 }, (_, n) => String.fromCharCode(65 + (n % 26)).repeat(50_000))
    for (const part of parts) client.connection.write(bytes(part))
    const all = `early ${parts.join('')}`
    await until(() => server.heard.length === all.length)
    expect(server.heard).toBe(all)
  })

  test('that is closed gives the other side all that was written, and hears nothing more itself', async () => {
    const { server, client } = await pair()
    server.connection.write(bytes('x'.repeat(3_000_000)))
    server.connection.close()
    server.connection.write(bytes('ignored'))
    client.connection.write(bytes('too late'))
    await until(() => client.closed !== undefined)
    expect(client.closed).toBe('closed')
    expect(client.heard.length).toBe(3_000_000)
    expect(server.heard).toBe('early ')
    expect(server.closed).toBeUndefined()
  })

  test('whose other process dies is reset', async () => {
    const server = new Ear()
    network().listen(PORT, () => server)
    const socket = openSocket(PORT, '127.0.0.1')
    cleanUp.push(() => socket.destroy())
    socket.write('hello')
    await until(() => server.heard === 'hello')
    socket.resetAndDestroy()
    await until(() => server.closed !== undefined)
    expect(server.closed).toBe('reset')
  })

  test('that nobody takes is refused, one to nowhere is unreachable', async () => {
    const nobody = new Ear()
    const nowhere = new Ear()
    network().connect(ADDRESS, nobody)
    network().connect({ host: 'no.such.host.invalid', port: PORT }, nowhere)
    expect(nobody.closed).toBeUndefined()
    await until(() => nobody.closed !== undefined && nowhere.closed !== undefined)
    expect([nobody.closed, nowhere.closed]).toEqual(['refused', 'unreachable'])
    expect(nobody.open).toBe(false)
  })

  test('that is closed while it is being opened calls nobody', async () => {
    const accepted: Ear[] = []
    network().listen(PORT, () => {
      accepted.push(new Ear())
      return accepted.at(-1) as Ear
    })
    const client = new Ear()
    network().connect(ADDRESS, client).close()
    const other = new Ear()
    network().connect(ADDRESS, other)
    await until(() => other.open)
    expect([client.open, client.closed]).toEqual([false, undefined])
  })

  test('does not pile up what a client does not read: such a client is not read either', async () => {
    const server = new Ear()
    let connection: Connection | undefined
    network({ pauses: true }).listen(PORT, (made) => {
      connection = made
      return {
        onData: (data) => {
          server.onData(data)
          // Each byte asks for a million.
          for (let n = 0; n < data.length; n++) made.write(new Uint8Array(1_000_000))
        },
        onClose: () => undefined,
      }
    })
    const socket = openSocket(PORT, '127.0.0.1')
    cleanUp.push(() => socket.destroy())
    socket.pause()
    await until(() => connection !== undefined)
    // The system takes a good deal before it is full.
    let asked = 0
    const isRead = async (): Promise<boolean> => {
      socket.write('x')
      asked++
      for (let tries = 0; tries < 100 && server.heard.length < asked; tries++) await pause(1)
      return server.heard.length === asked
    }
    while (await isRead()) expect(asked).toBeLessThan(1000)
    // When it reads, all is answered.
    let got = 0
    socket.on('data', (data) => {
      got += data.length
    })
    socket.resume()
    await until(() => got === asked * 1_000_000)
    expect(server.heard.length).toBe(asked)
  })
})

describe('a listener', () => {
  test('on a port that is taken tells so, and later listeners can have it', async () => {
    failed = []
    const other = createServer()
    await new Promise<void>((settle) => other.listen(PORT, '127.0.0.1', settle))
    network().listen(PORT, () => new Ear())
    await until(() => failed.length > 0)
    expect(failed).toEqual([`${PORT} EADDRINUSE`])
    other.close()
  })

  test('that is closed at once, or closed and opened again, leaves one that listens', async () => {
    const made = network()
    made.listen(PORT, () => new Ear()).close()
    const first = made.listen(PORT, () => new Ear())
    first.close()
    const server = new Ear()
    made.listen(PORT, () => server)
    const socket: Socket = openSocket(PORT, '127.0.0.1', () => socket.write('hello'))
    cleanUp.push(() => socket.destroy())
    await until(() => server.heard === 'hello')
  })

  test('on no port listens nowhere', () => {
    failed = []
    network()
      .listen(-1, () => new Ear())
      .close()
    expect(failed).toEqual([])
  })
})
