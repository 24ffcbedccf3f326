/** Runs what was typed into the machine's shell: server processes are started and ended, questions go over the network by a
 *  process of their own. The texts are those of zkServer.sh and its kin (admin.md sections 6 and 7). */
import type { Ensemble } from '../../hosts/ensemble.ts'
import { fileAt, type ShellCommand, serversFrom } from './shell.ts'

export interface Machine {
  readonly ensemble: Ensemble
  /** The server whose machine one is at. */
  readonly here: number
  /** Opens a zkCli in a terminal of its own; resolves with what it says first. */
  openShell(started: string, connect: string): Promise<readonly string[]>
  /** In the page's own words. */
  readonly says: { noSuchServer(word: string): string; asleep(sid: number): string; ncUsage(): string }
}

export interface ShellLine {
  readonly stream: 'out' | 'err'
  readonly text: string
}

const out = (text: string): ShellLine => ({ stream: 'out', text })
const err = (text: string): ShellLine => ({ stream: 'err', text })

/** @throws Error when the host cannot do it */
export async function runShell(command: ShellCommand, machine: Machine): Promise<readonly ShellLine[]> {
  const { ensemble, here, says } = machine
  const sid = 'sid' in command && command.sid !== undefined ? command.sid : here
  if (sid < 1 || sid > ensemble.config.servers) return [err(says.noSuchServer(String(sid)))]
  switch (command.program) {
    case 'zkServerUsage':
      return [
        ...preamble(here),
        err('Usage: zkServer.sh [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd}'),
      ]
    case 'zkServer':
      return runServer(command.verb, sid, machine)
    case 'zkCli': {
      const connect = serversFrom(command.server, here)
      const words = `zkCli.sh -server ${connect} ${withoutServer(command.words)}`.trimEnd()
      if (!command.hasCommand) return (await machine.openShell(words, connect)).map(out)
      return lastly(ensemble, words, '')
    }
    case 'nc':
      return lastly(ensemble, `nc ${command.host ?? `zk${here}`} ${command.port}`, command.text)
    case 'ncUsage':
      return [err(says.ncUsage())]
    case 'echo':
      return [out(command.text)]
    case 'cat':
      return (await Promise.all(command.paths.map((path) => cat(path, machine)))).flat()
    case 'zkCleanup':
      if (!(await ensemble.isRunning(sid))) return [err(says.asleep(sid))]
      return (await ensemble.type(sid, `zkCleanup.sh ${command.words}`.trimEnd())).lines
  }
}

const preamble = (sid: number): ShellLine[] => [
  err('ZooKeeper JMX enabled by default'),
  err(`Using config: /conf/zk${sid}/zoo.cfg`),
]

async function runServer(
  verb: Extract<ShellCommand, { program: 'zkServer' }>['verb'],
  sid: number,
  machine: Machine,
): Promise<readonly ShellLine[]> {
  switch (verb) {
    case 'start':
    case 'start-foreground':
      return [...preamble(sid), await start(sid, machine)]
    case 'stop':
      return [...preamble(sid), await stop(sid, machine)]
    case 'restart':
      // The script calls itself twice. Between the two it sleeps; here nobody waits.
      return [...preamble(sid), ...preamble(sid), await stop(sid, machine), ...preamble(sid), await start(sid, machine)]
    case 'status': {
      const found = out('Client port found: 2181. Client address: localhost. Client SSL: false.')
      const lines = await lastly(machine.ensemble, `nc zk${sid} 2181`, 'srvr')
      const mode = lines.find(({ text }) => text.startsWith('Mode: '))
      return [...preamble(sid), found, mode ?? out('Error contacting service. It is probably not running.')]
    }
  }
}

async function start(sid: number, { ensemble }: Machine): Promise<ShellLine> {
  // A server's process has its id for a number.
  if (await ensemble.isRunning(sid)) return out(`Starting zookeeper ... already running as process ${sid}.`)
  await ensemble.start(sid)
  return out('Starting zookeeper ... STARTED')
}

async function stop(sid: number, { ensemble }: Machine): Promise<ShellLine> {
  if (!(await ensemble.isRunning(sid)))
    return out(`Stopping zookeeper ... no zookeeper to stop (could not find file /data/zk${sid}/zookeeper_server.pid)`)
  await ensemble.kill(sid)
  return out('Stopping zookeeper ... STOPPED')
}

/** A program that is given one line and ends: what it printed. */
async function lastly(ensemble: Ensemble, started: string, line: string): Promise<readonly ShellLine[]> {
  return (await ensemble.type(await ensemble.openClient(started), line)).lines
}

const withoutServer = (words: string): string => words.replace(/(^|\s)-server\s+\S+/, '$1').trim()

async function cat(path: string, { ensemble, here }: Machine): Promise<readonly ShellLine[]> {
  const file = fileAt(path)
  const missing = [err(`cat: ${path}: No such file or directory`)]
  if (file === undefined) return missing
  const sid = file.sid ?? here
  if (sid < 1 || sid > ensemble.config.servers) return missing
  return (await ensemble.readFile(sid, file.name)).split('\n').map(out)
}
