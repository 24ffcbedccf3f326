/** `npm run bench`: bundles the benchmarks for Node, as the page is bundled for the browser, and runs them. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'

const outDir = resolve('node_modules/.cache/bench/node')
await build({
  configFile: false,
  logLevel: 'warn',
  build: { ssr: 'test/bench/main.ts', outDir, emptyOutDir: true, target: 'node20', minify: false, sourcemap: true },
})
const { main } = await import(pathToFileURL(`${outDir}/main.js`).href)
await main(process.argv.slice(2))
