/** The membership in the files beside zoo.cfg. Source: QuorumPeer.java setQuorumVerifier, setLastSeenQuorumVerifier,
 *  QuorumPeerConfig.java backupOldConfig (admin.md section 2). */
import { closeSync, copyFileSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { rewrittenStaticConfig } from '../../core/config/dynamic-config.ts'
import { readJavaProperties } from '../../core/config/java-properties.ts'
import { QuorumVerifier } from '../../core/config/quorum-verifier.ts'
import type { DynamicConfigFiles } from '../../core/config/replica-config.ts'
import { log } from './log.ts'

export class DynamicConfigBesideZooCfg implements DynamicConfigFiles {
  readonly #zooCfg: string
  /** What has come into force since the start. */
  quorum: QuorumVerifier | undefined

  /** `zooCfg`: its path. */
  constructor(zooCfg: string) {
    this.#zooCfg = resolve(zooCfg)
  }

  /** Before zoo.cfg is written anew for the first time. */
  backUp(): void {
    this.#attempt('back up zoo.cfg', () => copyFileSync(this.#zooCfg, `${this.#zooCfg}.bak`))
  }

  next(text: string | undefined): void {
    const file = `${this.#zooCfg}.dynamic.next`
    this.#attempt(`write ${file}`, () => {
      if (text === undefined) rmSync(file, { force: true })
      else writeWhole(file, text)
    })
  }

  committed(version: string, text: string, eraseClientPort: boolean): void {
    const file = `${this.#zooCfg}.dynamic.${version}`
    this.quorum = QuorumVerifier.parse(text)
    this.#attempt(`write ${file}`, () => {
      writeWhole(file, text)
      const properties = readJavaProperties(readFileSync(this.#zooCfg, 'latin1'))
      writeWhole(this.#zooCfg, rewrittenStaticConfig(properties, file, eraseClientPort))
      log('INFO', `the membership of version ${version} is kept in ${file}`)
    })
  }

  /** As ZooKeeper: the server goes on, and the person is told. */
  #attempt(what: string, run: () => void): void {
    try {
      run()
    } catch (error) {
      log('ERROR', `Error closing file: cannot ${what}: ${(error as Error).message}`)
    }
  }
}

/** The old file or the new one is there, whatever happens. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.tmp`, text, { encoding: 'latin1', flush: true })
  renameSync(`${file}.tmp`, file)
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
