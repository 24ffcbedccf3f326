/** Builds the page and serves it until it is told to stop: `node test/page/serve.mjs PORT`. */
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { build, preview } from 'vite'

const port = Number(process.argv[2] ?? 4173)
// A folder for each run, so that two runs at once do not serve each other's build.
const outDir = resolve(`node_modules/.cache/page/${port}`)
process.on('exit', () => rmSync(outDir, { recursive: true, force: true }))
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))

await build({ logLevel: 'warn', build: { outDir, emptyOutDir: true } })
await preview({ logLevel: 'warn', build: { outDir }, preview: { host: '127.0.0.1', port, strictPort: true } })
