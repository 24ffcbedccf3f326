/** Runs an ensemble of our servers on 127.0.0.1, with the verbs, options and ports of a tool that does the same with Apache
 *  ZooKeeper's, so that whatever drives the one can be pointed at the other. */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createConnection } from 'node:net'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const USAGE = `Runs an ensemble of Vivarium's servers on 127.0.0.1 (npm run build first).

  ensemble start N DIR [options]   N voters (1 = standalone), made in DIR (kept if it exists)
      --observers K                K observers more, with the ids after the voters
      --cfg key=value              a zoo.cfg line for every server (repeatable)
      --jvm=FLAG                   -Dname=value for every server (repeatable; other flags mean nothing here)
      --heap MB                    as node's --max-old-space-size
      --base K                     adds K to every port (several ensembles side by side)
      --log LEVEL                  taken, and without a meaning (file sID/log.txt)
      --timeout S                  give up after S seconds, default 60
  ensemble stop DIR                SIGTERM to all
  ensemble status DIR              one line a server: id pid port mode zxid
  ensemble kill DIR ID...          SIGKILL to single servers
  ensemble up DIR ID...            start single servers again (waits until they serve)
  ensemble leader DIR              prints the id of the leader
  ensemble connect DIR             prints the client connect string
  ensemble 4lw DIR ID CMD          sends a four letter word, prints the answer

Ports of server ID: client 21810+ID, quorum 28880+ID, election 38880+ID (+ --base).
Always on: 4lw.commands.whitelist=*, admin.enableServer=false. With --cfg reconfigEnabled=true the
client ports are put on the server.N lines, as a reconfigurable ensemble wants them.
The program is dist/node/server.js, or what the environment variable VIVARIUM_SERVER names.`

const PROGRAM = process.env.VIVARIUM_SERVER ?? resolve(import.meta.dirname, '../../dist/node/server.js')
const DEFAULTS = {
  tickTime: '2000',
  initLimit: '10',
  syncLimit: '5',
  '4lw.commands.whitelist': '*',
  'admin.enableServer': 'false',
  maxClientCnxns: '0',
}

/** @typedef {{ voters: number, observers: number, base: number, heap: number | null, jvm: string[], cfg: Record<string, string> }} Conf */

/** @param {string[]} args */
async function main([verb, ...rest]) {
  if (verb === 'start') return start(rest)
  const [folder, ...words] = rest
  if (verb === undefined || folder === undefined) return fail(USAGE)
  const ensemble = Ensemble.open(folder)
  const ids = words.filter((word) => /^\d+$/.test(word)).map(Number)
  switch (verb) {
    case 'stop':
      return ensemble.end(ensemble.ids, 'SIGTERM')
    case 'status':
      return ensemble.status()
    case 'kill':
      return ensemble.end(ids, 'SIGKILL')
    case 'up':
      for (const id of ids) await ensemble.spawn(id)
      return ensemble.wait(ids, 60)
    case 'leader': {
      const modes = await Promise.all(ensemble.ids.map((id) => ensemble.mode(id)))
      const at = modes.findIndex(({ mode }) => mode === 'leader' || mode === 'standalone')
      return console.log(ensemble.ids[at] ?? 'none')
    }
    case 'connect':
      return console.log(ensemble.ids.map((id) => `127.0.0.1:${ensemble.port(id)}`).join(','))
    case '4lw': {
      const answer = await fourLetterWord(ensemble.port(ids[0] ?? 1), words[1] ?? '')
      if (answer === undefined) return fail('nobody listens')
      process.stdout.write(answer)
      return
    }
    default:
      return fail(USAGE)
  }
}

/** @param {string[]} args */
async function start(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      observers: { type: 'string', default: '0' },
      cfg: { type: 'string', multiple: true, default: [] },
      jvm: { type: 'string', multiple: true, default: [] },
      heap: { type: 'string' },
      base: { type: 'string', default: '0' },
      log: { type: 'string' },
      timeout: { type: 'string', default: '60' },
    },
  })
  const [voters, folder] = positionals
  if (voters === undefined || folder === undefined) return fail(USAGE)
  const ensemble = Ensemble.create(folder, {
    voters: Number(voters),
    observers: Number(values.observers),
    base: Number(values.base),
    heap: values.heap === undefined ? null : Number(values.heap),
    jvm: values.jvm,
    cfg: { ...DEFAULTS, ...Object.fromEntries(values.cfg.map(keyAndValue)) },
  })
  for (const id of ensemble.ids) await ensemble.spawn(id)
  await ensemble.wait(ensemble.ids, Number(values.timeout))
  await ensemble.status()
}

class Ensemble {
  /** @param {string} folder @param {Conf} conf */
  constructor(folder, conf) {
    this.folder = folder
    this.conf = conf
    this.ids = Array.from({ length: conf.voters + conf.observers }, (_, index) => index + 1)
    /** @type {Map<number, import('node:child_process').ChildProcess>} */
    this.started = new Map()
  }

  /** @param {string} folder */
  static open(folder) {
    const file = join(resolve(folder), 'ensemble.json')
    if (!existsSync(file)) return fail(`no ensemble in ${folder}`)
    return new Ensemble(resolve(folder), JSON.parse(readFileSync(file, 'utf8')))
  }

  /** @param {string} folder @param {Conf} conf */
  static create(folder, conf) {
    const ensemble = new Ensemble(resolve(folder), conf)
    mkdirSync(ensemble.folder, { recursive: true })
    writeFileSync(join(ensemble.folder, 'ensemble.json'), JSON.stringify(conf, null, 1))
    for (const id of ensemble.ids) {
      mkdirSync(ensemble.path(id, 'data'), { recursive: true })
      writeFileSync(ensemble.path(id, 'zoo.cfg'), ensemble.zooCfg(id))
      if (ensemble.ids.length > 1) writeFileSync(ensemble.path(id, 'data/myid'), `${id}\n`)
    }
    return ensemble
  }

  /** @param {number} id @param {string} [rest] */
  path(id, rest = '') {
    return join(this.folder, `s${id}`, rest)
  }

  /** @param {number} id */
  port(id, kind = 21810) {
    return kind + id + this.conf.base
  }

  /** @param {number} id */
  zooCfg(id) {
    const { cfg, voters } = this.conf
    const alone = this.ids.length === 1
    const dynamic = cfg.reconfigEnabled === 'true'
    const lines = [`dataDir=${this.path(id, 'data')}`]
    if (!dynamic || alone) lines.push(`clientPort=${this.port(id)}`, 'clientPortAddress=127.0.0.1')
    if (id > voters) lines.push('peerType=observer')
    lines.push(...Object.entries(cfg).map(([key, value]) => `${key}=${value}`))
    for (const peer of alone ? [] : this.ids) {
      const role = peer > voters ? ':observer' : dynamic ? ':participant' : ''
      const client = dynamic ? `;127.0.0.1:${this.port(peer)}` : ''
      lines.push(`server.${peer}=127.0.0.1:${this.port(peer, 28880)}:${this.port(peer, 38880)}${role}${client}`)
    }
    return `${lines.join('\n')}\n`
  }

  /** Of a server of ours that is alive. @param {number} id */
  pid(id) {
    try {
      const pid = Number(readFileSync(this.path(id, 'pid'), 'utf8'))
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.path(id, 'zoo.cfg')) ? pid : undefined
    } catch {
      return undefined
    }
  }

  /** @param {number} id */
  async spawn(id) {
    if (!existsSync(PROGRAM)) fail(`${PROGRAM} is missing: npm run build`)
    if (this.pid(id) !== undefined) return
    if (await listens(this.port(id))) fail(`port ${this.port(id)} is taken by another process; use --base`)
    const { heap, jvm } = this.conf
    const options = jvm.filter((flag) => flag.startsWith('-D'))
    const args = [
      ...(heap === null ? [] : [`--max-old-space-size=${heap}`]),
      ...[PROGRAM, ...options, this.path(id, 'zoo.cfg')],
    ]
    const log = openSync(this.path(id, 'log.txt'), 'a')
    const child = spawn(process.execPath, args, { cwd: this.path(id), detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    child.unref()
    writeFileSync(this.path(id, 'pid'), String(child.pid))
    this.started.set(id, child)
  }

  /** @param {number} id @returns {Promise<{ mode?: string | undefined, zxid?: string | undefined }>} */
  async mode(id) {
    const text = (await fourLetterWord(this.port(id), 'srvr')) ?? ''
    return { mode: /^Mode: (.*)$/m.exec(text)?.[1], zxid: /^Zxid: (.*)$/m.exec(text)?.[1] }
  }

  /** @param {number[]} ids @param {number} timeoutS */
  async wait(ids, timeoutS) {
    const end = Date.now() + timeoutS * 1000
    for (const id of ids) {
      while ((await this.mode(id)).mode === undefined) {
        if (Date.now() > end || this.started.get(id)?.exitCode != null)
          fail(`server ${id} does not serve; see ${this.path(id, 'log.txt')}`)
        await pause()
      }
    }
  }

  /** @param {number[]} ids @param {NodeJS.Signals} signal */
  async end(ids, signal) {
    const pids = ids.map((id) => this.pid(id)).filter((pid) => pid !== undefined)
    for (const pid of pids) process.kill(pid, signal)
    for (const pid of pids) while (isAlive(pid)) await pause()
  }

  async status() {
    for (const id of this.ids) {
      const { mode = 'down', zxid = '-' } = await this.mode(id)
      console.log(id, this.pid(id) ?? '-', this.port(id), mode, zxid)
    }
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** The answer, or undefined when nobody listens. @param {number} port @param {string} word @returns {Promise<string | undefined>} */
function fourLetterWord(port, word) {
  return new Promise((settle) => {
    let answer = ''
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 5000 }, () => socket.write(word))
    socket.setEncoding('utf8')
    socket.on('data', (text) => {
      answer += text
    })
    socket.on('end', () => settle(answer))
    socket.on('error', () => settle(undefined))
    socket.on('timeout', () => {
      socket.destroy()
      settle(undefined)
    })
  })
}

/** @param {number} port @returns {Promise<boolean>} */
function listens(port) {
  return new Promise((settle) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      settle(true)
    })
    socket.on('error', () => settle(false))
  })
}

/** @param {string} text @returns {[string, string]} */
function keyAndValue(text) {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

const pause = () => new Promise((settle) => setTimeout(settle, 20))

/** @param {string} sentence @returns {never} */
function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}

await main(process.argv.slice(2))
