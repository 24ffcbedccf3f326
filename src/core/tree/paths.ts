/** Names of znodes. Source: PathUtils.java. */

/** What is wrong with a path, in ZooKeeper's words; undefined when nothing is. null stands for a missing path. */
export function validatePath(path: string | null): string | undefined {
  if (path === null) return 'Path cannot be null'
  if (path.length === 0) return 'Path length must be > 0'
  if (path[0] !== '/') return 'Path must start with / character'
  if (path.length === 1) return undefined
  if (path.endsWith('/')) return 'Path must not end with / character'
  const problem = invalidAt(path)
  return problem === undefined ? undefined : `Invalid path string "${path}" caused by ${problem}`
}

/** Positions count UTF-16 units, as Java's do. */
function invalidAt(path: string): string | undefined {
  let last = SLASH
  for (let i = 1; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (code === 0) return `null character not allowed @${i}`
    if (code === SLASH && last === SLASH) return `empty node name specified @${i}`
    const ends = i + 1 === path.length || path.charCodeAt(i + 1) === SLASH
    if (code === DOT && ends) {
      if (last === SLASH) return `relative paths not allowed @${i}`
      if (last === DOT && path.charCodeAt(i - 2) === SLASH) return `relative paths not allowed @${i}`
    }
    if (
      (code > 0x0000 && code <= 0x001f) ||
      (code >= 0x007f && code <= 0x009f) ||
      (code >= 0xd800 && code <= 0xf8ff) ||
      (code >= 0xfff0 && code <= 0xffff)
    )
      return `invalid character @${i}`
    last = code
  }
  return undefined
}
const SLASH = 0x2f
const DOT = 0x2e

/** `/a/b` → `/a`, `/a` → `` (the root's own name in the tree), no slash → undefined. */
export function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? undefined : path.slice(0, slash)
}

/** The last component. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** The same text, all in one piece: what is put together from parts, or cut from a longer text, keeps these in memory. */
export function compact(text: string): string {
  const { length } = text
  if (length > MAX_COMPACT) return text
  scratch[length] ??= new Array<number>(length).fill(0)
  const codes = scratch[length]
  for (let i = 0; i < length; i++) codes[i] = text.charCodeAt(i)
  return String.fromCharCode.apply(null, codes)
}
const MAX_COMPACT = 256
const scratch: number[][] = []
