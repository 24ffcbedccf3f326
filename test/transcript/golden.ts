/** Stored sessions of the real zkCli (golden/zkcli): NAME.cmd is what was typed, NAME.out what was seen. Brings transcripts
 *  into the form in which they can be compared. */
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../golden/zkcli/', import.meta.url)

export const names: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.cmd'))
  .map((name) => name.slice(0, -4))

const linesOf = (file: string): string[] => readFileSync(new URL(file, FOLDER), 'utf8').replace(/\n$/, '').split('\n')

/** What the servers have to be like: `##needs 3 --cfg tickTime=500 --jvm=-Dreadonlymode.enabled=true`. */
export interface Needs {
  readonly servers: number
  /** Lines of zoo.cfg. */
  readonly cfg: readonly string[]
  /** `-Dname=value`. */
  readonly jvm: readonly string[]
}

export interface Script {
  readonly name: string
  readonly needs: Needs
  readonly lines: readonly string[]
  /** What the real one showed, as it was. */
  readonly recorded: readonly string[]
}

export function script(name: string): Script {
  const lines = linesOf(`${name}.cmd`)
  const words = (lines.find((line) => line.startsWith('##needs ')) ?? '##needs 1').split(' ').slice(1)
  const needs = {
    servers: Number(words[0]),
    cfg: words.flatMap((word, index) => (words[index - 1] === '--cfg' ? [word] : [])),
    jvm: words.flatMap((word) => (word.startsWith('--jvm=') ? [word.slice('--jvm='.length)] : [])),
  }
  const rest = lines.filter((line) => !line.startsWith('##needs'))
  return { name, needs, lines: rest, recorded: linesOf(`${name}.out`) }
}

/** A command, with the client's name in front (`B> ls /`), and what came of it. */
export interface Block {
  readonly command: string
  readonly output: readonly string[]
}

/** A transcript cut at its commands; what stands before the first one is left out. */
export function blocks(lines: readonly string[]): Block[] {
  const list: { command: string; output: string[] }[] = []
  for (const line of lines)
    if (/^\w*> /.test(line)) list.push({ command: line, output: [] })
    else list.at(-1)?.output.push(line)
  return list
}

export interface Rules {
  /** Standard output before standard error in each command: for a shell whose two streams are read apart. */
  readonly streamsApart?: boolean
}

/** What differs between two runs of the same commands with the real shell is replaced; that is the Normaliser of the tool
 *  that recorded them. And one rule more: of a version the build does not count. */
export function normalised(lines: readonly string[], { streamsApart = false }: Rules = {}): string[] {
  const sessions = new Map<string, number>()
  const session = (text: string) => {
    if (!sessions.has(text)) sessions.set(text, sessions.size + 1)
    return `<session-${sessions.get(text)}>`
  }
  const out = lines
    .filter((text) => !isFrame(text))
    .map((text) =>
      text
        .replace(/\b[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [A-Z]{3,4} \d{4}/g, '<date>')
        .replace(/(?<=ephemeralOwner = )0x[0-9a-f]{9,}/g, session)
        .replace(/(?<=[cmp]Zxid = )0x[0-9a-f]+/g, '<zxid>')
        .replace(/^(\w*1\| version=)[0-9a-f]+$/, '$1<zxid>')
        .replace(/127\.0\.0\.1[:/]\d{4,5}/g, '<server>')
        .replace(/^(\w*1\| ZooKeeper CLI version: \d+\.\d+\.\d+)-.*/, '$1-<build>'),
    )
  return arranged(out, streamsApart)
}

/** A frame of a stack trace. */
export const isFrame = (text: string): boolean => /^\w*[12]\| (\tat |\t\.\.\. \d+ more)/.test(text)

/** For each command: first the plain output, then the watch events, client by client. */
function arranged(lines: readonly string[], streamsApart: boolean): string[] {
  const out: string[] = []
  let plain: string[] = []
  let events = new Map<string, string[]>()
  const isError = (text: string) => /^\w*2\|/.test(text)
  const flush = () => {
    if (streamsApart) plain = [...plain.filter((text) => !isError(text)), ...plain.filter(isError)]
    out.push(...plain)
    for (const name of [...events.keys()].sort()) out.push(...(events.get(name) ?? []))
    plain = []
    events = new Map()
  }
  for (const text of lines) {
    const event = /^(\w*)1\| WatchedEvent (.*)/.exec(text)
    if (/^(\w*[>=] |##)/.test(text)) {
      flush()
      out.push(text)
    } else if (event !== null) {
      const [, name = '', words] = event
      events.set(name, [...(events.get(name) ?? []), `${name}E| ${words}`])
      for (const want of [`${name}1|`, `${name}1| WATCHER::`, `${name}1|`]) {
        const at = plain.lastIndexOf(want)
        if (at >= 0) plain.splice(at, 1)
      }
    } else plain.push(text)
  }
  flush()
  return out
}

export const wanted = (name: string, rules?: Rules): Block[] => blocks(normalised(script(name).recorded, rules))

/** Same commands, and which of them came out otherwise. */
export function differing(ours: readonly Block[], theirs: readonly Block[]): Block[] {
  return theirs.filter((block, index) => JSON.stringify(block) !== JSON.stringify(ours[index]))
}
