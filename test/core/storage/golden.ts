/** Data directories that Apache ZooKeeper 3.8.0 wrote, and what its own tools say about them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { MemoryDisk } from '../memory-disk.ts'

const root = new URL('../../golden/data/', import.meta.url).pathname

/** case/server: every data directory, but the damaged ones. */
export const DIRECTORIES: readonly string[] = readdirSync(root)
  .filter((name) => name !== 'torn')
  .flatMap((name) =>
    readdirSync(root + name)
      .filter((part) => existsSync(`${root}${name}/${part}/version-2`))
      .map((part) => `${name}/${part}`),
  )
  .sort()

export const TORN: readonly string[] = readdirSync(`${root}torn`)
  .filter((name) => !name.endsWith('.decoded'))
  .map((name) => `torn/${name}`)

/** Files of version-2 by name. The kit has gzipped what is big; `keepGz` for the case in which the server did so. */
export function filesOf(directory: string, keepGz = false): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (const name of readdirSync(`${root}${directory}/version-2`).sort()) {
    const bytes = new Uint8Array(readFileSync(`${root}${directory}/version-2/${name}`))
    if (name.endsWith('.gz') && !keepGz) files.set(name.slice(0, -3), new Uint8Array(gunzipSync(bytes)))
    else files.set(name, bytes)
  }
  return files
}

export const diskOf = (files: ReadonlyMap<string, Uint8Array>): MemoryDisk =>
  new MemoryDisk([...files].map(([name, bytes]) => [`version-2/${name}`, bytes] as const))

/** What Apache's tool printed, e.g. `log.1.txt`; undefined when there is no such output. */
export function decoded(directory: string, file: string): string | undefined {
  const path = `${root}${directory}.decoded/${file}`
  if (existsSync(path)) return readFileSync(path, 'utf8')
  if (existsSync(`${path}.gz`)) return gunzipSync(readFileSync(`${path}.gz`)).toString('utf8')
  return undefined
}
