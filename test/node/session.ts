/** A session of node-zookeeper-client, with promises. A request whose answer was lost is rejected with CONNECTION_LOSS. */
import * as zookeeper from 'node-zookeeper-client'

export const CONNECTION_LOSS = -4

export class Session {
  readonly client: zookeeper.Client
  expired = false

  private constructor(client: zookeeper.Client) {
    this.client = client
    client.on('expired', () => {
      this.expired = true
    })
  }

  /** Resolves when it is connected. */
  static open(connect: string, sessionTimeout = 10_000): Promise<Session> {
    const client = zookeeper.createClient(connect, { sessionTimeout, spinDelay: 50, retries: 0 })
    const session = new Session(client)
    return new Promise((settle) => {
      client.once('connected', () => settle(session))
      client.connect()
    })
  }

  get id(): string {
    return this.client.getSessionId().toString('hex')
  }

  /** Resolves when the server has answered, or the connection is lost. */
  close(): Promise<void> {
    return new Promise((settle) => {
      this.client.once('disconnected', settle)
      this.client.close()
    })
  }

  /** Without a farewell: it looks for no server any more. */
  drop(): void {
    this.client.connectionManager.connect = () => undefined
    this.client.connectionManager.socket?.destroy()
  }

  create(path: string, data = '', mode: number = zookeeper.CreateMode.PERSISTENT): Promise<string> {
    return this.#ask((done) => this.client.create(path, Buffer.from(data), mode, done))
  }
  set(path: string, data: string, version = -1): Promise<zookeeper.Stat> {
    return this.#ask((done) => this.client.setData(path, Buffer.from(data), version, done))
  }
  get(path: string, watcher: ((event: zookeeper.WatchEvent) => void) | null = null): Promise<string> {
    return this.#ask<Buffer>((done) => this.client.getData(path, watcher, done)).then(String)
  }
  exists(path: string, watcher: ((event: zookeeper.WatchEvent) => void) | null = null): Promise<boolean> {
    return this.#ask<zookeeper.Stat | null>((done) => this.client.exists(path, watcher, done)).then(
      (stat) => stat !== null,
    )
  }
  children(path: string, watcher: ((event: zookeeper.WatchEvent) => void) | null = null): Promise<string[]> {
    return this.#ask((done) => this.client.getChildren(path, watcher, done))
  }
  remove(path: string, version = -1): Promise<void> {
    return this.#ask<undefined>((done) => this.client.remove(path, version, (error) => done(error, undefined)))
  }
  setACL(path: string, scheme: string, id: string, permission: number): Promise<zookeeper.Stat> {
    const acls = [new zookeeper.ACL(permission, new zookeeper.Id(scheme, id))]
    return this.#ask((done) => this.client.setACL(path, acls, -1, done))
  }
  getACL(path: string): Promise<zookeeper.AclEntry[]> {
    return this.#ask((done) => this.client.getACL(path, done))
  }
  commit(transaction: zookeeper.Transaction): Promise<readonly unknown[]> {
    return this.#ask((done) => transaction.commit(done))
  }

  #ask<T>(request: (done: (error: zookeeper.ZkError | null, answer: T) => void) => void): Promise<T> {
    return new Promise((settle, reject) => {
      request((error, answer) => (error ? reject(error) : settle(answer)))
    })
  }
}

/** The code of a client's error; undefined for any other. */
export const codeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'getCode' in error ? (error as zookeeper.ZkError).getCode() : undefined
