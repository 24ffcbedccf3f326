/** The museum's recordings: runs of the simulator with a deliberate bug in it. The bug is in no bundle of the page: a mutated
 *  simulator is bundled for Node, its run is recorded, and the page gets the recording, `museum/<name>.trace`, compressed. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { mutate } from './mutate.mjs'

const CACHE = resolve('node_modules/.cache/museum')
/** What a recording depends on. */
const SOURCES = ['src/core', 'src/check', 'src/hosts', 'test/simulate']

/** @returns {import('vite').Plugin} */
export function museum() {
  return {
    name: 'museum',
    apply: (_, { mode }) => mode !== 'node' && mode !== 'test',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = /\/museum\/([a-z0-9-]+)\.trace$/.exec((request.url ?? '').split('?')[0] ?? '')?.[1]
        if (name === undefined) return next()
        recordingOf(name).then(
          (bytes) => {
            response.setHeader('Content-Type', 'application/octet-stream')
            response.end(bytes)
          },
          (error) => {
            server.config.logger.error(String(error))
            response.statusCode = 404
            response.end(String(error))
          },
        )
      })
    },
    async generateBundle() {
      // Workers are bundles of their own.
      if (this.environment.name !== 'client') return
      // A piece that cannot be recorded is missed by its test; the page goes without it.
      for (const name of await pieces())
        try {
          this.emitFile({ type: 'asset', fileName: `museum/${name}.trace`, source: await recordingOf(name) })
        } catch (error) {
          this.warn(`no recording of ${name}: ${error}`)
        }
    },
  }
}

/** The last thing begun: bundles are made one after the other. */
let last = Promise.resolve(Buffer.alloc(0))

/** @param {string} name */
export function recordingOf(name) {
  const mine = last.catch(() => undefined).then(() => made(name))
  last = mine
  return mine
}

async function pieces() {
  const { pieces } = await recorder(undefined)
  return /** @type {{ name: string, mutant: string }[]} */ (pieces).map(({ name }) => name)
}

/** @param {string} name */
async function made(name) {
  const version = versionOf()
  const file = join(CACHE, version, `${name}.trace`)
  if (existsSync(file)) return readFileSync(file)
  const { pieces } = await recorder(undefined)
  const piece = pieces.find((/** @type {{ name: string }} */ each) => each.name === name)
  if (piece === undefined) throw new Error(`the museum has no "${name}"`)
  const { record } = await recorder(piece.mutant)
  const bytes = gzipSync(record(name), { level: 9 })
  mkdirSync(join(CACHE, version), { recursive: true })
  for (const other of readdirSync(CACHE))
    if (other.startsWith('v-') && other !== version) rmSync(join(CACHE, other), { recursive: true, force: true })
  writeFileSync(`${file}.${process.pid}`, bytes)
  renameSync(`${file}.${process.pid}`, file)
  return bytes
}

/** @param {string | undefined} mutant */
async function recorder(mutant) {
  const version = versionOf()
  const outDir = join(CACHE, `${mutant ?? 'sound'}-${version}-${process.pid}`)
  try {
    await build({
      configFile: false,
      logLevel: 'error',
      plugins: mutant === undefined ? [] : [mutate(mutant)],
      build: {
        ssr: 'test/simulate/record.ts',
        outDir,
        emptyOutDir: true,
        target: 'node20',
        minify: false,
        rolldownOptions: { output: { entryFileNames: 'record.mjs' } },
      },
      ssr: { noExternal: true },
    })
    return await import(pathToFileURL(join(outDir, 'record.mjs')).href)
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}

/** Changes with every source. */
function versionOf() {
  const hash = createHash('sha256')
  for (const folder of SOURCES)
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
      if (/\.(ts|mjs)$/.test(file)) hash.update(file).update(readFileSync(join(folder, file)))
  return `v-${hash.digest('hex').slice(0, 16)}`
}
