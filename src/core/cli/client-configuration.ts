/** A file of client properties, as -client-configuration names it. Source: ZKClientConfig.java, ZKConfig.java. What it says of
 *  SASL and TLS is not looked at. */
import type { SessionOptions } from '../client/cnxn.ts'
import { readJavaProperties } from '../config/java-properties.ts'
import type { ReadFile } from './command.ts'
import { ShellDeath } from './errors.ts'
import { decodeInteger, orDie, parseLong } from './java.ts'

type Settings = Pick<SessionOptions, 'requestTimeoutMs' | 'leaveWatches' | 'maxFrameBytes'>

/** @throws ShellDeath the file cannot be read, or a number in it is none */
export function readClientConfiguration(path: string, readFile: ReadFile): Settings {
  const text = readFile(path)
  if (typeof text !== 'string') {
    const name = 'org.apache.zookeeper.server.quorum.QuorumPeerConfig$ConfigException'
    const missing = text.problem.endsWith('(No such file or directory)')
    const cause = missing
      ? `java.lang.IllegalArgumentException: ${path} file is missing`
      : `java.io.FileNotFoundException: ${text.problem}`
    throw new ShellDeath([`${name}: Error while processing ${path}`, `Caused by: ${cause}`], 2)
  }
  const properties = readJavaProperties(text)
  const [timeout, watches, buffer] = [
    'zookeeper.request.timeout',
    'zookeeper.disableAutoWatchReset',
    'jute.maxbuffer',
  ].map((key) => properties.get(key)?.trim())
  return {
    leaveWatches: watches?.toLowerCase() === 'true',
    ...(timeout === undefined ? {} : { requestTimeoutMs: Number(orDie(() => parseLong(timeout))) }),
    ...(buffer === undefined ? {} : { maxFrameBytes: orDie(() => decodeInteger(buffer)) }),
  }
}
