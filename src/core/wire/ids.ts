/** 64-bit ids as branded bigints, so that one cannot be taken for the other, nor for a number. */

declare const zxidBrand: unique symbol
declare const sessionBrand: unique symbol

/** epoch in the high 32 bits, counter in the low 32; signed 64-bit on the wire. */
export type Zxid = bigint & { readonly [zxidBrand]: true }
export type SessionId = bigint & { readonly [sessionBrand]: true }
/** Server id ("myid"). Small on the wire although a long; MIN_VALUE means "no candidate". */
export type Sid = number

export const LONG_MIN = -(2n ** 63n)
export const LONG_MAX = 2n ** 63n - 1n

export const asZxid = (value: bigint): Zxid => value as Zxid
export const asSession = (value: bigint): SessionId => value as SessionId
export const ZXID_0 = asZxid(0n)
export const SESSION_0 = asSession(0n)

export const makeZxid = (epoch: number, counter: number): Zxid => asZxid((BigInt(epoch) << 32n) | BigInt(counter >>> 0))
/** High half, with sign, as `zxid >> 32`. */
export const epochOf = (zxid: Zxid): number => Number(zxid >> 32n)
export const counterOf = (zxid: Zxid): number => Number(zxid & 0xffffffffn)
export const nextZxid = (zxid: Zxid): Zxid => asZxid(zxid + 1n)
/** May `next` stand right behind `last` in a history? The next number of the epoch, or the first of a later one. */
export const follows = (last: Zxid, next: Zxid): boolean =>
  next === last + 1n || (epochOf(next) > epochOf(last) && counterOf(next) === 1)

/** As ZooKeeper prints it: 0x100000002, unsigned, no padding. */
export const hex64 = (value: bigint): string => `0x${BigInt.asUintN(64, value).toString(16)}`
/** As in file names: 100000002. */
export const bareHex64 = (value: bigint): string => BigInt.asUintN(64, value).toString(16)
