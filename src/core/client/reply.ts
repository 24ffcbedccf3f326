/** What a request to the ensemble comes back with, and what never leaves the client. */
import type { Zxid } from '../wire/ids.ts'

/** A ZooKeeper error is a value: `err` is a code of ErrorCode, `path` the client's path where the request had one. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T /** The server's last applied zxid. */; readonly zxid: Zxid }
  | { readonly ok: false; readonly err: number; readonly path: string | null }

/** An argument that the client refuses before anything is sent, in ZooKeeper's words. Java's IllegalArgumentException. */
export class IllegalArgument extends Error {}
/** Text that is no number, in Java's words. Java's NumberFormatException, which is an IllegalArgumentException. */
export class NumberFormat extends IllegalArgument {}
