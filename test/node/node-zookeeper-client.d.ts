/** As much as the tests use of a package that has no types. */
declare module 'node-zookeeper-client' {
  interface ZkError extends Error {
    getCode(): number
  }
  interface Stat {
    readonly version: number
    readonly dataLength: number
    readonly numChildren: number
  }
  interface WatchEvent {
    getName(): string
    getPath(): string
  }
  interface AclEntry {
    readonly permission: number
    readonly id: { readonly scheme: string; readonly id: string }
  }
  interface Transaction {
    create(path: string, data: Buffer): Transaction
    setData(path: string, data: Buffer): Transaction
    check(path: string): Transaction
    remove(path: string): Transaction
    commit(callback: (error: ZkError | null, results: readonly unknown[]) => void): void
  }
  interface Client {
    /** Not meant for users: it goes on connecting for ever. */
    readonly connectionManager: { connect: () => void; readonly socket?: { destroy(): void } }
    connect(): void
    close(): void
    on(event: 'connected' | 'disconnected' | 'expired', listener: () => void): void
    once(event: 'connected' | 'disconnected' | 'expired', listener: () => void): void
    getSessionId(): Buffer
    addAuthInfo(scheme: string, auth: Buffer): void
    create(path: string, data: Buffer, mode: number, callback: (error: ZkError | null, path: string) => void): void
    setData(path: string, data: Buffer, version: number, callback: (error: ZkError | null, stat: Stat) => void): void
    getData(
      path: string,
      watcher: ((event: WatchEvent) => void) | null,
      callback: (error: ZkError | null, data: Buffer, stat: Stat) => void,
    ): void
    exists(
      path: string,
      watcher: ((event: WatchEvent) => void) | null,
      callback: (error: ZkError | null, stat: Stat | null) => void,
    ): void
    getChildren(
      path: string,
      watcher: ((event: WatchEvent) => void) | null,
      callback: (error: ZkError | null, children: string[], stat: Stat) => void,
    ): void
    remove(path: string, version: number, callback: (error: ZkError | null) => void): void
    setACL(
      path: string,
      acls: readonly unknown[],
      version: number,
      callback: (error: ZkError | null, stat: Stat) => void,
    ): void
    getACL(path: string, callback: (error: ZkError | null, acls: AclEntry[], stat: Stat) => void): void
    transaction(): Transaction
  }
  export function createClient(
    connect: string,
    options?: { readonly sessionTimeout?: number; readonly spinDelay?: number; readonly retries?: number },
  ): Client
  export const CreateMode: { readonly PERSISTENT: 0; readonly EPHEMERAL: 1; readonly PERSISTENT_SEQUENTIAL: 2 }
  export const ACL: new (permission: number, id: unknown) => unknown
  export const Id: new (scheme: string, id: string) => unknown
}
