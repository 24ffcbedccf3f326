/** The simulator as one file for Node, as the benchmarks are bundled. A mutant is made while bundling, by a plugin: the
 *  sources stay as they are. */
import { existsSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'

/**
 * @param {string | undefined} mutant
 * @param {string} [entry] of test/simulate
 * @returns {Promise<string>} the bundle's address, to be imported; it is gone with this process
 */
export async function bundle(mutant, entry = 'main') {
  const outDir = resolve('node_modules/.cache/simulate', `${entry}-${mutant ?? 'sound'}-${process.pid}`)
  process.setMaxListeners(0)
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }))
  await build({
    configFile: false,
    logLevel: 'warn',
    plugins: mutant === undefined ? [] : [await pluginOf(mutant)],
    build: {
      ssr: `test/simulate/${entry}.ts`,
      outDir,
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      sourcemap: entry === 'main',
    },
  })
  return pathToFileURL(`${outDir}/${entry}.js`).href
}

/** @param {string} mutant */
async function pluginOf(mutant) {
  const file = resolve('test/simulate/mutate.mjs')
  if (!existsSync(file)) throw new Error('there are no mutants')
  const { mutate } = await import(pathToFileURL(file).href)
  return mutate(mutant)
}
