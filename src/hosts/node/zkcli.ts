/** `node zkcli.js [options] [command]`: zkCli as a process. A command comes from its arguments, or commands from the lines of
 *  standard input; a person at a terminal gets a prompt, line editing, history and completion.
 *  Source: ZooKeeperMain.java, zkCli.sh. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline'
import type { ReadFile } from '../../core/cli/command.ts'
import { parseInvocation } from '../../core/cli/words.ts'
import { ZkCli } from '../../core/cli/zk-cli.ts'
import { clientHost } from './client-host.ts'
import { LineSplitter } from './line-splitter.ts'

/** More lines than these are not read ahead. */
const LINES_AHEAD = 1000
/** As a shell counts those whom SIGINT ended. */
const INTERRUPTED = 130

main(process.argv.slice(2))

function main(words: readonly string[]): void {
  const { server, timeout, readOnly, waitForConnection, configuration, command, complaints } = parseInvocation(words)
  // Whoever read the output may be gone; Java does not care either.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

  const atTerminal = command === undefined && process.stdin.isTTY === true && process.stdout.isTTY === true
  let editor: Interface | undefined
  const cli = new ZkCli(clientHost(), server, {
    timeoutMs: timeout,
    readOnly,
    waitForConnection,
    complaints,
    jline: atTerminal,
    readFile,
    ...(configuration === undefined ? {} : { configuration }),
    ...(command === undefined ? {} : { command }),
    write: (stream, text) => {
      // What comes by itself goes above the line that is being typed.
      if (editor !== undefined) {
        cursorTo(process.stdout, 0)
        clearLine(process.stdout, 0)
      }
      process[stream === 'out' ? 'stdout' : 'stderr'].write(text)
      editor?.prompt(true)
    },
    // It may end before its constructor has.
    onEnd: () => queueMicrotask(() => end(cli)),
  })
  if (atTerminal)
    converse(cli, (now) => {
      editor = now
    })
  else if (command === undefined) readLines(cli)
}

function end(cli: ZkCli): never {
  for (const frame of framesOf(cli.death)) process.stderr.write(`${frame}\n`)
  process.exit(cli.exitCode)
}

/** Where the shell died, in the form of Java's traces. */
function framesOf(death: Error | undefined): string[] {
  return [...(death?.stack ?? '').matchAll(/^ {4}at (?:(.+) \()?(.*?):(\d+):\d+\)?$/gm)].map(
    ([, name = 'main', file = '', line]) => `\tat ${name.replaceAll(' ', '.')}(${basename(file)}:${line})`,
  )
}

/** Standard input without a person: no prompt, and the end of the input is the end of the shell. The session is left to
 *  itself then, as the real shell leaves it. */
function readLines(cli: ZkCli): void {
  const { stdin } = process
  const splitter = new LineSplitter()
  let waiting = 0
  let over = false
  const type = (line: string): void => {
    waiting++
    cli.type(line, () => {
      waiting--
      if (over && waiting === 0) end(cli)
      if (waiting < LINES_AHEAD) stdin.resume()
    })
  }
  stdin.on('data', (bytes: Uint8Array) => {
    for (const line of splitter.push(bytes)) type(line)
    if (waiting >= LINES_AHEAD) stdin.pause()
  })
  stdin.on('end', () => {
    for (const line of splitter.end()) type(line)
    over = true
    // Whatever has been typed is answered first, and so is the beginning: an empty line is no command.
    type('')
  })
}

/** A person at a terminal. `shown`: the editor while a line is being typed, undefined while one is executed. */
function converse(cli: ZkCli, shown: (editor: Interface | undefined) => void): void {
  const editor = createInterface({
    input: process.stdin,
    output: process.stdout,
    historySize: 500,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) =>
      cli.complete(line, line.length, ({ candidates, from }) => done(null, [[...candidates], line.slice(from)])),
  })
  const ask = (): void => {
    if (cli.ended) return
    editor.setPrompt(cli.prompt)
    editor.prompt()
    shown(editor)
  }
  const type = (line: string): void => {
    shown(undefined)
    editor.pause()
    cli.type(line, ask)
  }
  editor.on('line', type)
  editor.on('SIGINT', () => process.exit(INTERRUPTED))
  editor.on('close', () => end(cli))
  type('')
}

function readFile(path: string): ReturnType<ReadFile> {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    return { problem: `${path} (${problemOf((error as NodeJS.ErrnoException).code)})` }
  }
}

/** In the words of Java's FileNotFoundException. */
function problemOf(code: string | undefined): string {
  if (code === 'ENOENT') return 'No such file or directory'
  return code === 'EISDIR' ? 'Is a directory' : 'Permission denied'
}
