/** Paths as the client sees them and as the server does. */
import { validatePath } from '../tree/paths.ts'
import { IllegalArgument } from './reply.ts'

/** `sequential`: the server will add digits, so that a path may end with a slash. @throws IllegalArgument */
export function assertPath(path: string, sequential = false): void {
  const problem = validatePath(sequential ? `${path}1` : path)
  if (problem !== undefined) throw new IllegalArgument(problem)
}

export const toServerPath = (path: string, chroot: string | null): string =>
  chroot === null ? path : path.length === 1 ? chroot : chroot + path

/** For answers of the server, which are below the chroot. */
export const toClientPath = (path: string, chroot: string | null): string =>
  chroot === null ? path : path.slice(chroot.length)

/** For watch events: the chroot itself is `/`; what is too short for the chroot is left as it is. */
export const eventPath = (path: string, chroot: string | null): string =>
  chroot === null ? path : path === chroot ? '/' : path.length > chroot.length ? path.slice(chroot.length) : path
