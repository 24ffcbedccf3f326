/** Frames of a server in words, in which everything that was in the bytes is said; what may differ between two servers
 *  that do the same is said by rule: session ids by number, passwords by length, zxids by their distance from the beginning
 *  of the sequence, times by whether they lie in it. Children, whose order is nobody's promise, are sorted. */
import { EventType, errorMessage, eventName, OpCode, opName } from '../../../src/core/wire/codes.ts'
import { Reader } from '../../../src/core/wire/jute.ts'

/** What the rules need to know. */
export interface View {
  /** Of the beginning; undefined before that. */
  zxid: bigint | undefined
  readonly startedMs: number
  /** In the order of their beginnings. */
  readonly sessions: bigint[]
  /** What this ensemble calls otherwise than the other one. */
  readonly names: readonly (readonly [string, string])[]
}

export function connectAnswer(frame: Buffer, view: View): string {
  const input = new Reader(frame)
  const words = [`protocol ${input.int()}`, `timeout ${input.int()}`]
  words.push(sessionName(input.long(), view))
  const passwd = input.buffer()
  words.push(`password of ${passwd?.length ?? 'null'}${passwd?.some((byte) => byte !== 0) ? '' : ' zeros'}`)
  if (input.remaining > 0) words.push(`read-only ${input.byte()}`)
  return `connected: ${words.join(', ')}${rest(input)}`
}

/** `op`: of the request that waits for an answer. */
export function reply(frame: Buffer, op: number, view: View): string {
  const input = new Reader(frame)
  try {
    const xid = input.int()
    const zxid = relative(input.long(), view)
    const err = input.int()
    const head = `${opName(op)} xid ${xid} zxid ${zxid} ${err === 0 ? 'ok' : `${err} ${errorMessage(err)}`}`
    return `${head}${err === 0 || op === OpCode.multiRead ? body(input, op, view) : ''}${rest(input)}`
  } catch (error) {
    return `unreadable answer to ${opName(op)}: ${frame.toString('hex')} (${error})`
  }
}

export function watchEvent(frame: Buffer, view: View): string {
  const input = new Reader(frame)
  const head = `xid ${input.int()} zxid ${relative(input.long(), view)} err ${input.int()}`
  const type = input.int()
  const name = type === EventType.None ? 'None' : eventName(type)
  return `event ${name} state ${input.int()} ${text(input, view)} (${head})${rest(input)}`
}

function body(input: Reader, op: number, view: View): string {
  switch (op) {
    case OpCode.create:
    case OpCode.sync:
      return ` ${text(input, view)}`
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
    case OpCode.getData:
    case OpCode.reconfig:
      return ` ${text(input, view)} ${stat(input, view)}`
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      return ` ${stat(input, view)}`
    case OpCode.getChildren:
      return ` ${list(input, () => text(input, view), true)}`
    case OpCode.getChildren2:
      return ` ${list(input, () => text(input, view), true)} ${stat(input, view)}`
    case OpCode.getACL:
      return ` ${list(input, () => `${input.int()} ${text(input, view)}:${text(input, view)}`)} ${stat(input, view)}`
    case OpCode.getAllChildrenNumber:
    case OpCode.addWatch:
      return ` ${input.int()}`
    case OpCode.getEphemerals:
      return ` ${list(input, () => text(input, view))}`
    case OpCode.whoAmI:
      return ` ${list(input, () => `${text(input, view)}:${text(input, view)}`)}`
    case OpCode.multi:
    case OpCode.multiRead:
      return input.remaining === 0 ? '' : parts(input, view)
    default:
      return ''
  }
}

function parts(input: Reader, view: View): string {
  const said: string[] = []
  for (;;) {
    const type = input.int()
    const done = input.boolean()
    const err = input.int()
    if (done) return ` {${said.join('; ')}; end ${type} ${err}}`
    said.push(
      type === OpCode.error ? `error ${err} ${input.int()}` : `${opName(type)} ${err}${body(input, type, view)}`,
    )
  }
}

function stat(input: Reader, view: View): string {
  const [czxid, mzxid] = [input.long(), input.long()]
  const words = [`c ${relative(czxid, view)}`, `m ${relative(mzxid, view)}`]
  words.push(when(input.long(), czxid, view), when(input.long(), mzxid, view))
  words.push(`versions ${input.int()} ${input.int()} ${input.int()}`, sessionName(input.long(), view))
  words.push(`length ${input.int()}`, `children ${input.int()}`, `p ${relative(input.long(), view)}`)
  return `<${words.join(', ')}>`
}

function list(input: Reader, one: () => string, sorted = false): string {
  const count = input.int()
  if (count < 0) return `list of ${count}`
  const items = Array.from({ length: count }, one)
  return `[${(sorted ? items.sort() : items).join(' ')}]`
}

/** A string or a buffer. */
function text(input: Reader, { names }: View): string {
  const bytes = input.buffer()
  if (bytes === null) return 'null'
  let printable = Buffer.from(bytes).toString('latin1')
  if (!/^[\x20-\x7e\n]*$/.test(printable)) return `hex ${Buffer.from(bytes).toString('hex')}`
  for (const [here, everywhere] of names) printable = printable.replaceAll(here, everywhere)
  return JSON.stringify(printable)
}

/** Nothing may come behind an answer. */
const rest = (input: Reader): string =>
  input.remaining === 0 ? '' : ` and then ${Buffer.from(input.rest()).toString('hex')}`

function relative(zxid: bigint, { zxid: start }: View): string {
  if (zxid <= 0n) return String(zxid)
  return start === undefined || zxid < start ? 'earlier' : `+${zxid - start}`
}

/** The time of a txn of the sequence lies in it; a second's difference between two clocks is none. */
function when(time: bigint, zxid: bigint, { zxid: start, startedMs }: View): string {
  if (time === 0n) return '0'
  if (start === undefined || zxid < start) return 'earlier'
  const ms = Number(time)
  return ms > startedMs - 1000 && ms < Date.now() + 1000 ? 'now' : `at ${time}`
}

function sessionName(id: bigint, { sessions }: View): string {
  if (id === 0n) return 'no session'
  const at = sessions.indexOf(id)
  return at < 0 ? `session 0x${BigInt.asUintN(64, id).toString(16)}` : `session ${at + 1}`
}
