/** `npm run simulate -- --seeds 1000`: see main.ts for what may stand behind the dashes. */
import { bundle } from './bundle.mjs'

const args = process.argv.slice(2)
if (args.includes('--mutants')) {
  const { table } = await import('./table.mjs')
  process.exitCode = await table(args)
} else {
  const at = args.indexOf('--mutant')
  const address = await bundle(at < 0 ? undefined : args[at + 1])
  const { main } = await import(address)
  process.exitCode = await main(args)
}
