/** Makes a mutant while the simulator is bundled: one deliberate bug from the table. The sources stay as they are, so a
 *  mutant costs the product nothing and cannot be reached from it. Who judges is never mutated: whatever of the sources
 *  src/check imports, it gets a sound copy of. */
import { relative, resolve, sep } from 'node:path'
import { mutants } from './mutants.mjs'

const SOUND = '?sound'

/**
 * @param {string} name
 * @returns {import('vite').Plugin}
 */
export function mutate(name) {
  const mutant = mutants.find((each) => each.name === name)
  if (mutant === undefined) throw new Error(`no mutant is called ${name}`)
  const source = resolve('src')
  const missing = new Set(mutant.changes.map(({ file }) => file))
  /** @param {string} id */
  const nameOf = (id) =>
    relative(source, id.split('?')[0] ?? id)
      .split(sep)
      .join('/')
  return {
    name: 'mutant',
    enforce: 'pre',
    async resolveId(id, importer, options) {
      if (importer === undefined || !(importer.endsWith(SOUND) || nameOf(importer).startsWith('check/'))) return null
      const found = await this.resolve(id, importer.replace(SOUND, ''), { ...options, skipSelf: true })
      const isCopied = found?.id.startsWith(source) === true && !nameOf(found.id).startsWith('check/')
      return isCopied ? { ...found, id: `${found.id}${SOUND}` } : found
    },
    transform(code, id) {
      if (id.endsWith(SOUND)) return undefined
      const file = nameOf(id)
      const changes = mutant.changes.filter((change) => change.file === file)
      if (changes.length === 0) return undefined
      missing.delete(file)
      return { code: changes.reduce((text, change) => apply(text, change, name), code), map: null }
    },
    buildEnd(error) {
      if (error === undefined && missing.size > 0)
        this.error(`mutant ${name}: ${[...missing].join(', ')} is not part of the bundle`)
    },
  }
}

/**
 * @param {string} text
 * @param {import('./mutants.mjs').Change} change
 * @param {string} name
 */
export function apply(text, { file, find, replace }, name) {
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(`mutant ${name}: what it changes in ${file} is there ${parts.length - 1} times, not once`)
  return parts.join(replace)
}
