/** The order of the house: which room may import which, how files are named, what lies at the top. And that each rule,
 *  be it ours, the linter's or the compiler's, is seen to fire once: a check that checks nothing is green too. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')

interface Room {
  /** Rooms of which anything may be imported. The own room always may. */
  readonly imports: readonly string[]
  /** Rooms of which only types may be imported. */
  readonly types?: readonly string[]
  /** Packages, by their first word. */
  readonly packages?: readonly string[]
}

const LAW = ['core/wire', 'core/tree', 'core/config'] as const
const PORTS = ['core/host', 'core/trace'] as const
const EVENTS = ['core/client', 'core/election', 'core/server', 'core/storage', 'core/zab', 'core/cli'] as const
const CORE = [...LAW, ...PORTS, ...EVENTS] as const
const VIEW_PACKAGES = ['react', 'react-dom', 'zustand', 'd3', 'i18next', 'react-i18next', 'lucide-react', 'valibot']

/** style.md's table. A room is a folder; a file that lies directly in core/ or hosts/ is `core/host`, `hosts`. */
const rooms: { readonly [room: string]: Room } = {
  // Types alone: the ports name the events that go through one of them.
  'core/host': { imports: [], types: ['core/trace'] },
  'core/trace': { imports: [], types: ['core/host', ...EVENTS] },
  'core/wire': { imports: ['core/tree'] },
  'core/config': { imports: ['core/wire', 'core/tree'] },
  'core/tree': { imports: ['core/wire'] },
  'core/storage': { imports: [...LAW, ...PORTS] },
  'core/election': { imports: [...LAW, ...PORTS] },
  // A leader and a learner begin and end with the request processors of their role, which live in server.
  'core/zab': { imports: [...LAW, ...PORTS, 'core/election', 'core/storage', 'core/server'] },
  'core/client': { imports: [...LAW, ...PORTS] },
  'core/cli': { imports: [...LAW, ...PORTS, 'core/client'] },
  'core/server': { imports: [...CORE] },
  hosts: { imports: [...CORE], packages: ['pure-rand', 'comlink', 'valibot'] },
  'hosts/browser': { imports: [...CORE, 'hosts'], packages: ['comlink', 'valibot'] },
  'hosts/sim': { imports: [...CORE, 'hosts', 'check'], packages: ['valibot'] },
  'hosts/node': { imports: [...CORE, 'hosts'], packages: ['node:'] },
  trace: { imports: ['core/trace', 'core/wire', 'core/tree'], types: CORE },
  // What judges the core has little in common with it: codecs, codes, quorum verifiers.
  check: { imports: [...LAW], types: CORE },
  // Of wire the page takes the names of codes and the way in which ids are printed.
  page: {
    imports: ['trace', 'check', 'core/wire'],
    types: [...CORE, 'hosts'],
    packages: [...VIEW_PACKAGES, '@tanstack/react-virtual', 'react-resizable-panels'],
  },
  'page/main.tsx': {
    imports: ['page', 'trace', 'hosts', 'hosts/browser', 'hosts/sim'],
    types: CORE,
    packages: VIEW_PACKAGES,
  },
}

function roomOf(file: string): string {
  if (file === 'page/main.tsx') return file
  const [first, second, third] = file.split('/') as [string, string?, string?]
  if (first === 'core') return third === undefined ? `core/${second?.replace(/\.ts$/, '')}` : `core/${second}`
  if (first === 'hosts') return third === undefined ? 'hosts' : `hosts/${second}`
  return first
}

/** What is wrong with the imports of one file, in sentences. `file` is relative to src. */
function wrongImports(file: string, source: string): string[] {
  const room = roomOf(file)
  const law = rooms[room]
  if (law === undefined) return [`${file} lies in a room that the table does not know`]
  const wrong: string[] = []
  for (const { specifier, typesOnly } of importsOf(source)) {
    if (!specifier.startsWith('.')) {
      const known = law.packages?.some(
        (name) => specifier === name || specifier.startsWith(name.replace(/:?$/, (end) => end || '/')),
      )
      if (!known) wrong.push(`${file} imports the package ${specifier}, which is not for ${room}`)
      continue
    }
    if (!/\.(tsx?|css|json|svg)(\?\w+)?$/.test(specifier)) wrong.push(`${file} imports ${specifier} without its ending`)
    const target = join(dirname(file), specifier)
    if (target.startsWith('..')) {
      wrong.push(`${file} imports ${specifier} from outside src`)
      continue
    }
    const other = roomOf(target)
    const whole = other === room || law.imports.includes(other)
    if (!whole && !(typesOnly && law.types?.includes(other)))
      wrong.push(`${file} imports ${typesOnly ? 'a type of ' : ''}${target}, and ${room} may not know ${other}`)
  }
  return wrong
}

/** Static and dynamic imports, re-exports, and workers named by URL. */
function importsOf(source: string): { specifier: string; typesOnly: boolean }[] {
  const found: { specifier: string; typesOnly: boolean }[] = []
  for (const match of source.matchAll(/^(?:import|export)\s+([^'"`;]*?)\s*from\s*['"]([^'"]+)['"]/gm)) {
    const clause = match[1] as string
    const named = /^\{([^}]*)\}$/
      .exec(clause)?.[1]
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean)
    const typesOnly = clause.startsWith('type ') || (named?.every((name) => name.startsWith('type ')) ?? false)
    found.push({ specifier: match[2] as string, typesOnly })
  }
  for (const match of source.matchAll(/^import\s*['"]([^'"]+)['"]/gm))
    found.push({ specifier: match[1] as string, typesOnly: false })
  for (const match of source.matchAll(/(?:\bimport\s*\(|new URL\()\s*['"](\.[^'"]+)['"]/g))
    found.push({ specifier: match[1] as string, typesOnly: false })
  return found
}

const goodName = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.(worker|module|test|property\.test|spec|config|d))*\.[a-z0-9]+$/

const sources = filesBelow('src')
const isCode = (file: string) => /\.tsx?$/.test(file)

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(root, folder), join(entry.parentPath, entry.name)))
    .sort()
}

describe('the table of rooms', () => {
  test('is kept by every file of src', () => {
    const wrong = sources
      .filter(isCode)
      .flatMap((file) => wrongImports(file, readFileSync(join(root, 'src', file), 'utf8')))
    expect(wrong).toEqual([])
  })

  test.each([
    ['core/zab/leader.ts', "import { a } from '../../hosts/link.ts'"],
    ['core/zab/leader.ts', "import type { A } from '../../trace/picture.ts'"],
    ['core/wire/jute.ts', "import { a } from '../server/prep.ts'"],
    ['core/tree/data-tree.ts', "import type { Host } from '../host.ts'"],
    ['core/storage/database.ts', "import {\n  a,\n  b,\n} from '../election/fast.ts'"],
    ['core/election/fast.ts', "export { a } from '../storage/database.ts'"],
    ['core/client/session.ts', "import { a } from '../cli/zk-cli.ts'"],
    ['core/cli/zk-cli.ts', "import { a } from '../server/prep.ts'"],
    ['core/host.ts', "import { a } from './trace.ts'"],
    ['core/tree/data-tree.ts', "import { crc32 } from 'node:zlib'"],
    ['core/tree/data-tree.ts', "import { a } from '../../../test/rig.ts'"],
    ['hosts/sim/world.ts', "import { a } from '../browser/mesh.ts'"],
    ['hosts/browser/mesh.ts', "import { a } from '../sim/world.ts'"],
    ['hosts/browser/mesh.ts', "new Worker(new URL('../../page/x.worker.ts', import.meta.url))"],
    ['hosts/conductor.ts', "import type { Picture } from '../trace/picture.ts'"],
    ['hosts/conductor.ts', "import { useState } from 'react'"],
    ['trace/fold.ts', "import type { Ensemble } from '../hosts/ensemble.ts'"],
    ['trace/fold.ts', "import { a } from '../core/server/prep.ts'"],
    ['trace/fold.ts', "import { max } from 'd3'"],
    ['check/ledger.ts', "import { recover } from '../core/storage/recovery.ts'"],
    ['check/ledger.ts', "import type { RunConfig } from '../hosts/ensemble.ts'"],
    ['page/tree/tree.tsx', "import { a } from '../../hosts/ensemble.ts'"],
    ['page/tree/tree.tsx', "const a = await import('../../hosts/browser/ensemble.ts')"],
    ['page/tree/tree.tsx', "import { DataTree } from '../../core/tree/data-tree.ts'"],
    ['page/tree/tree.tsx', "import { type A, b } from '../../core/server/prep.ts'"],
    ['page/tree/tree.tsx', "import lodash from 'lodash'"],
    ['page/tree/tree.tsx', "import { a } from '../parts/button'"],
    ['shop/window.ts', ''],
  ])('is broken by %s with %j', (file, source) => {
    expect(wrongImports(file, source)).toHaveLength(1)
  })

  test.each([
    ['core/zab/leader.ts', "import { a } from '../storage/database.ts'"],
    ['core/host.ts', "import type { CoreEvent } from './trace.ts'"],
    ['trace/fold.ts', "import { DataTree } from '../core/tree/data-tree.ts'"],
    [
      'page/tree/tree.tsx',
      "import type { Ensemble } from '../../hosts/ensemble.ts'\nimport styles from './tree.module.css'",
    ],
    [
      'page/tree/tree.tsx',
      "import {\n  type A,\n  type B,\n} from '../../core/server/trace.ts'\nimport { hierarchy } from 'd3'",
    ],
    ['page/main.tsx', "import { a } from '../hosts/browser/ensemble.ts'\nimport './style/tokens.css'"],
    ['hosts/node/disk.ts', "import { readFileSync } from 'node:fs'"],
  ])('is kept by %s with %j', (file, source) => {
    expect(wrongImports(file, source)).toEqual([])
  })
})

describe('names', () => {
  test('of files are in kebab-case', () => {
    const wrong = [...sources, ...filesBelow('test').filter((file) => !file.startsWith('golden/'))]
      .map((file) => file.split('/').at(-1) as string)
      .filter((name) => !goodName.test(name) && name !== 'README.md' && name !== 'ensemble')
    expect(wrong).toEqual([])
  })

  test.each(['DataTree.ts', 'dataTree.ts', 'data_tree.ts', 'data-tree.Test.ts', '-tree.ts'])(
    'such as %s are not',
    (name) => {
      expect(goodName.test(name)).toBe(false)
    },
  )

  test.runIf(existsSync(join(root, '.git')))('at the top are the agreed ones', () => {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
    const top = new Set(tracked.map((file) => file.split('/')[0] as string))
    const agreed = [
      ...[
        '.biome.json',
        '.ci',
        '.gitignore',
        'LICENSE',
        'README.md',
        'index.html',
        'package-lock.json',
        'package.json',
      ],
      ...['public', 'src', 'test', 'tsconfig.json', 'vite.config.ts'],
    ]
    expect([...top].filter((name) => !agreed.includes(name))).toEqual([])
  })
})

describe('the linter', () => {
  /** Files that break one rule each: path, text, and what Biome calls it. */
  const planted: readonly [file: string, text: string, category: string][] = [
    ['src/core/a1.ts', "export { a } from '../hosts/link.ts'\n", 'lint/style/noRestrictedImports'],
    ['src/core/a2.ts', "export { a } from '../../trace/picture.ts'\n", 'lint/style/noRestrictedImports'],
    ['src/core/a3.ts', "import { readFileSync } from 'node:fs'\nreadFileSync('a')\n", 'lint/style/noRestrictedImports'],
    ['src/core/a4.ts', "import { useState } from 'react'\nuseState(1)\n", 'lint/style/noRestrictedImports'],
    ['src/core/b1.ts', 'setTimeout(() => {}, 1)\n', 'lint/style/noRestrictedGlobals'],
    ['src/core/b2.ts', 'export const now = performance.now()\n', 'lint/style/noRestrictedGlobals'],
    ['src/core/b3.ts', 'export const text = new TextEncoder()\n', 'lint/style/noRestrictedGlobals'],
    ['src/core/b4.ts', 'export const later = Promise.resolve(1)\n', 'lint/style/noRestrictedGlobals'],
    ['src/core/c1.ts', 'export const dice = Math.random()\n', 'plugin'],
    ['src/core/c2.ts', 'export const now = Date.now()\n', 'plugin'],
    ['src/core/c3.ts', 'export const now = new Date()\n', 'plugin'],
    ['src/core/c4.ts', 'export const now = new Date(5)\n', 'plugin'],
    ['src/core/c5.ts', 'export const wait = async () => 1\n', 'plugin'],
    ['src/hosts/d1.ts', "export type { Picture } from '../trace/picture.ts'\n", 'lint/style/noRestrictedImports'],
    ['src/hosts/d2.ts', "export { useState } from 'react'\n", 'lint/style/noRestrictedImports'],
    ['src/trace/e1.ts', "export { a } from '../hosts/link.ts'\n", 'lint/style/noRestrictedImports'],
    ['src/trace/e2.ts', "export { max } from 'd3'\n", 'lint/style/noRestrictedImports'],
    ['src/page/f1.ts', "export { a } from '../hosts/browser/mesh.ts'\n", 'lint/style/noRestrictedImports'],
    ['src/page/f2.ts', "export { a } from '../hosts/sim/world.ts'\n", 'lint/style/noRestrictedImports'],
    ['src/g1.ts', "import { two } from './g2.ts'\nexport const one = () => two\n", 'lint/suspicious/noImportCycles'],
    ['src/g2.ts', "import { one } from './g1.ts'\nexport const two = () => one\n", 'lint/suspicious/noImportCycles'],
    ['src/h.ts', 'async function f() {}\nexport const g = () => {\n  f()\n}\n', 'lint/nursery/noFloatingPromises'],
    [
      'src/i.tsx',
      "import { useEffect, useState } from 'react'\nexport function A({ n }: { n: number }) {\n  const [, set] = useState(0)\n" +
        '  useEffect(() => set(n), [])\n  return null\n}\n',
      'lint/correctness/useExhaustiveDependencies',
    ],
    ['src/j.ts', 'export default 1\n', 'lint/style/noDefaultExport'],
    ['src/k.ts', 'export enum E {\n  A,\n}\n', 'lint/style/noEnum'],
    ['src/l.ts', "import { E } from './k'\nexport const e = E\n", 'lint/correctness/useImportExtensions'],
    ['src/m.ts', "export * from './k.ts'\n", 'lint/performance/noBarrelFile'],
    ['src/n.ts', 'export const any: any = 1\n', 'lint/suspicious/noExplicitAny'],
    ['src/o.ts', 'export const  a = "x";\n', 'format'],
  ]
  const allowed: readonly [file: string, text: string][] = [
    ['src/core/ok.ts', 'export const least = Math.min(1, 2)\n'],
    ['src/hosts/ok.ts', 'export const now = () => Date.now()\n'],
    ['src/page/main.tsx', "import { a } from '../hosts/browser/mesh.ts'\n\na()\n"],
  ]
  let said: Map<string, string[]>
  let exitCode: number | null

  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'tidy-'))
    try {
      for (const name of ['.biome.json', '.gitignore', 'test/lint'])
        cpSync(join(root, name), join(folder, name), { recursive: true })
      for (const [file, text] of [...planted, ...allowed]) put(join(folder, file), text)
      const run = spawnSync(
        join(root, 'node_modules/.bin/biome'),
        ['check', '--error-on-warnings', '--reporter=json', '--max-diagnostics=none', 'src'],
        { cwd: folder, encoding: 'utf8' },
      )
      exitCode = run.status
      said = new Map()
      for (const { category, location } of JSON.parse(run.stdout).diagnostics) {
        const file = typeof location?.path === 'string' ? location.path : location?.path?.file
        said.set(file, [...(said.get(file) ?? []), category])
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('fails', () => expect(exitCode).not.toBe(0))
  test.each(planted)('sees what is wrong in $0: $2', (file, _text, category) => {
    expect(said.get(file)).toContain(category)
  })
  test.each(allowed)('finds nothing in $0', (file) => {
    expect(said.get(file)).toBeUndefined()
  })
})

describe('the compiler', () => {
  const folder = join(root, `node_modules/.cache/tidy-${process.pid}`)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** What tsc says of one file under the rules of a room, by the names of its errors. */
  function errorsOf(project: string, name: string, text: string): string[] {
    put(join(folder, name), text)
    const options = { extends: join(root, project), include: [name] }
    put(join(folder, 'tsconfig.json'), JSON.stringify(options))
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    })
    return [...stdout.matchAll(/error TS\d+: (.*)/g)].map((match) => match[1] as string)
  }

  test('knows no timer, page, console, Node or text codec in the core', () => {
    const names = [
      'setTimeout',
      'window',
      'document',
      'console',
      'process',
      'performance',
      'crypto',
      'TextEncoder',
      'Buffer',
    ]
    const errors = errorsOf(
      'src/core/tsconfig.json',
      'core.ts',
      names.map((name) => `export const ${name}1 = ${name}`).join('\n'),
    )
    for (const name of names) expect(errors.join('\n')).toContain(`'${name}'`)
  })

  test('knows no page in a worker', () => {
    const errors = errorsOf(
      'src/hosts/browser/tsconfig.json',
      'a.worker.ts',
      'export const a = document\nexport const b = self.postMessage',
    )
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain("'document'")
  })

  test('refuses what is not erasable and what is not exact', () => {
    const text = [
      'enum E { A }',
      'class P { constructor(readonly a: number) {} }',
      'export const first: number = [1][0]',
      'export const maybe: { a?: number } = { a: undefined }',
      'export const used = [E, P]',
    ]
    expect(errorsOf('tsconfig.json', 'strict.ts', text.join('\n'))).toHaveLength(4)
  })
})

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
