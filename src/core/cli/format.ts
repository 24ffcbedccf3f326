/** Answers as zkCli prints them. Source: StatPrinter.java, ZKUtil.java, AclParser.java. */
import { Perms } from '../wire/codes.ts'
import type { ACL, Stat } from '../wire/data.ts'
import { hex64 } from '../wire/ids.ts'
import { decodeUtf8 } from '../wire/utf8.ts'
import { dateText } from './java.ts'

/** Times in UTC, whatever the machine's zone: the answer is the same everywhere. */
export const statLines = (stat: Stat): string[] => [
  `cZxid = ${hex64(stat.czxid)}`,
  `ctime = ${dateText(stat.ctime)}`,
  `mZxid = ${hex64(stat.mzxid)}`,
  `mtime = ${dateText(stat.mtime)}`,
  `pZxid = ${hex64(stat.pzxid)}`,
  `cversion = ${stat.cversion}`,
  `dataVersion = ${stat.version}`,
  `aclVersion = ${stat.aversion}`,
  `ephemeralOwner = ${hex64(stat.ephemeralOwner)}`,
  `dataLength = ${stat.dataLength}`,
  `numChildren = ${stat.numChildren}`,
]

export const dataText = (data: Uint8Array | null): string => (data === null ? 'null' : decodeUtf8(data))

export const listText = (names: readonly string[]): string => `[${names.join(', ')}]`

const letters = [
  ['c', Perms.CREATE],
  ['d', Perms.DELETE],
  ['r', Perms.READ],
  ['w', Perms.WRITE],
  ['a', Perms.ADMIN],
] as const

/** Two lines for each entry: `'world,'anyone` and `: cdrwa`. */
export const aclLines = (acl: readonly ACL[]): string[] =>
  acl.flatMap(({ id, perms }) => [
    `'${id.scheme},'${id.id}`,
    `: ${letters.map(([letter, bit]) => ((perms & bit) === 0 ? '' : letter)).join('')}`,
  ])

/** `scheme:id:perms,…`; what is not well formed is complained about and left out. */
export function parseAcl(text: string, complain: (line: string) => void): ACL[] {
  const acl: ACL[] = []
  for (const part of splitAsJava(text, ',')) {
    const first = part.indexOf(':')
    const last = part.lastIndexOf(':')
    if (first === last) {
      complain(`${part} does not have the form scheme:id:perm`)
      continue
    }
    let perms = 0
    for (const letter of part.slice(last + 1)) {
      const bit = letters.find(([known]) => known === letter)?.[1]
      if (bit === undefined) complain(`Unknown perm type: ${letter}`)
      else perms |= bit
    }
    acl.push({ perms, id: { scheme: part.slice(0, first), id: part.slice(first + 1, last) } })
  }
  return acl
}

/** String.split: empty parts at the end are left out, also all of them. */
export function splitAsJava(text: string, separator: string | RegExp): string[] {
  const parts = text.split(separator)
  if (text === '') return ['']
  while (parts.length > 0 && parts.at(-1) === '') parts.pop()
  return parts
}
