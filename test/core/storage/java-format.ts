/** The output of TxnLogToolkit -v and SnapshotFormatter -d, from our values: what both say must be the same text. */
import type { NodeView } from '../../../src/core/tree/znode.ts'
import { OpCode, opName } from '../../../src/core/wire/codes.ts'
import type { ACL } from '../../../src/core/wire/data.ts'
import { encodeTxn, type LoggedTxn, type Txn } from '../../../src/core/wire/txn.ts'

const text = (bytes: Uint8Array | null): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes ?? new Uint8Array())
const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16)

const two = (value: number): string => String(value).padStart(2, '0')
function shortDate(ms: bigint): string {
  const at = new Date(Number(ms))
  const hours = at.getUTCHours()
  const date = `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${two(at.getUTCFullYear() % 100)}`
  const time = `${hours % 12 || 12}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
  return `${date}, ${time} ${hours < 12 ? 'AM' : 'PM'} UTC`
}

/** jute's toString: 's{31,s{'world,'anyone}}, and with a line end where it is a record of its own. */
const aclText = ({ perms, id }: ACL): string => `${perms},s{'${id.scheme},'${id.id}}`
const javaList = (acl: readonly ACL[]): string =>
  acl.length === 0 ? 'null' : `[${acl.map((entry) => `${aclText(entry)}\n`).join(', ')}]`

const javaOpName = (type: number): string => (type === OpCode.createTTL ? 'createTtl' : opName(type))

function body(txn: Txn): string {
  switch (txn.kind) {
    case 'create': {
      const { path, data, acl, ephemeral, parentCVersion } = txn.body
      return `${path},${text(data)},${javaList(acl)},${ephemeral},${parentCVersion}`
    }
    case 'createContainer':
      return `${txn.body.path},${text(txn.body.data)},${javaList(txn.body.acl)},${txn.body.parentCVersion}`
    case 'createTTL':
      return `${txn.body.path},${text(txn.body.data)},${javaList(txn.body.acl)},${txn.body.parentCVersion},${txn.body.ttl}`
    case 'setData':
      return `${txn.body.path},${text(txn.body.data)},${txn.body.version}`
    case 'setACL':
      return `'${txn.body.path},v{${txn.body.acl.map((entry) => `s{${aclText(entry)}}`).join(',')}},${txn.body.version}`
    case 'delete':
      return `'${txn.body.path}`
    case 'check':
      return `'${txn.body.path},${txn.body.version}`
    case 'createSession':
      return String(txn.body.timeOut)
    case 'closeSession':
      return txn.body === null ? '' : `v{${txn.body.paths2Delete.map((path) => `'${path}`).join(',')}}`
    case 'error':
      return String(txn.body.err)
    case 'multi':
      return txn.body.map((part) => `${javaOpName(part.type)}:${text(encodeTxn(part))}`).join(';')
  }
}

/** One line of TxnLogToolkit (data may contain line ends). */
export const txnLine = ({ header, txn }: LoggedTxn): string =>
  `${shortDate(header.time)} session 0x${hex(header.clientId)} cxid 0x${hex(BigInt(header.cxid >>> 0))} zxid 0x${hex(header.zxid)} ${javaOpName(header.type)} ${body(txn)}\n`

const longDate = (ms: bigint): string => {
  const [day, date, month, year, time] = new Date(Number(ms)).toUTCString().replace(',', '').split(' ')
  return `${day} ${month} ${date} ${time} UTC ${year}`
}
const zxid = (value: bigint): string => `0x${hex(value).padStart(14, '0')}`

/** One znode of SnapshotFormatter -d. */
export const nodeBlock = (path: string, node: NodeView): string =>
  [
    path === '' ? '/' : path,
    `  cZxid = ${zxid(node.czxid)}`,
    `  ctime = ${longDate(node.ctime)}`,
    `  mZxid = ${zxid(node.mzxid)}`,
    `  mtime = ${longDate(node.mtime)}`,
    `  pZxid = ${zxid(node.pzxid)}`,
    `  cversion = ${node.cversion}`,
    `  dataVersion = ${node.version}`,
    `  aclVersion = ${node.aversion}`,
    `  ephemeralOwner = ${zxid(node.ephemeralOwner)}`,
    `  data = ${node.data === null ? '' : Buffer.from(node.data).toString('base64')}`,
    '',
  ].join('\n')
