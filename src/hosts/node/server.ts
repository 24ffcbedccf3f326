/** `node dist/node/server.js [-Dname=value …] zoo.cfg`: one server in the foreground, over TCP and real files, as
 *  QuorumPeerMain and ZooKeeperServerMain run one. Source: QuorumPeerMain.java, ZooKeeperServerMain.java. */
import { readFileSync } from 'node:fs'
import { ConfigError } from '../../core/config/server-spec.ts'
import { readArguments, readZooCfg, type ServerSettings } from '../../core/config/zoo-cfg.ts'
import { ExitCode } from './exit-code.ts'
import { log } from './log.ts'
import { DatadirError, startServer } from './start.ts'

const USAGE = 'Usage: server [-Dname=value ...] configfile | port datadir [ticktime] [maxcnxns]'

main(process.argv.slice(2))

function main(args: readonly string[]): void {
  const properties = new Map<string, string>()
  let first = 0
  for (; args[first]?.startsWith('-') === true; first++) {
    const [, name, value = ''] = /^-D([^=]+)(?:=(.*))?$/s.exec(args[first] as string) ?? []
    if (name === undefined) return refuse(`Unknown option ${args[first]}`)
    properties.set(name, value)
  }
  const rest = args.slice(first)
  if (rest.length === 0) return refuse('Invalid number of arguments:[]')
  let settings: ServerSettings
  try {
    settings = rest.length === 1 ? read(rest[0] as string, properties) : readArguments(rest, properties)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    if (rest.length !== 1) return refuse(error.message)
    log('ERROR', `Invalid config, exiting abnormally: ${error.message}`)
    end(`Invalid config, exiting abnormally\n${error.message}`, ExitCode.InvalidInvocation)
    return
  }
  for (const warning of settings.warnings) log('WARN', warning)
  try {
    startServer(settings, rest.length === 1 ? rest[0] : undefined)
  } catch (error) {
    if (!(error instanceof DatadirError)) throw error
    log('ERROR', `Unable to access datadir, exiting abnormally: ${error.message}`)
    end(`Unable to access datadir, exiting abnormally\n${error.message}`, ExitCode.UnableToAccessDatadir)
  }
}

/** @throws ConfigError */
function read(path: string, properties: ReadonlyMap<string, string>): ServerSettings {
  log('INFO', `Reading configuration from: ${path}`)
  const readFile = (file: string): string | undefined => {
    try {
      return readFileSync(file, 'latin1')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      throw new ConfigError(`Error processing ${path}: ${(error as Error).message}`)
    }
  }
  const text = readFile(path)
  if (text === undefined) throw new ConfigError(`Error processing ${path}: ${path} file is missing`)
  return readZooCfg(text, { path, readFile, properties })
}

function refuse(reason: string): void {
  log('ERROR', `Invalid arguments, exiting abnormally: ${reason}`)
  end(`${reason}\n${USAGE}`, ExitCode.InvalidInvocation)
}

function end(sentence: string, code: number): void {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = code
}
