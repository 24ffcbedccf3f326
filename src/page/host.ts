/** What the page needs from a host before there is an ensemble. main.tsx, which alone knows the hosts, provides it. */
import type { Ensemble, RunConfig, Storage } from '../hosts/ensemble.ts'
import type { Hunt, HuntProgress } from '../hosts/scenario.ts'
import type { Options } from './options.ts'

export interface Host {
  /** Whether files can be kept. */
  storage(): Promise<'ready' | 'missing' | 'full'>
  /** Makes this tab the only owner of the ensemble's files, until it closes or releases them. */
  claim(id: string): Promise<Claim | 'taken'>
  open(config: RunConfig, storage: Storage, id: string): Promise<Ensemble>
}

/** Runs seeds beside the page until the returned function is called. */
export type StartHunt = (
  hunt: Hunt,
  onProgress: (progress: HuntProgress) => void,
  onFailure: (message: string) => void,
) => () => void

export interface Claim {
  release(): void
}

export type Opened =
  | {
      readonly kind: 'open'
      readonly ensemble: Ensemble
      readonly storage: Storage
      /** Ends the ensemble; its files stay and may be opened again. */
      readonly close: () => Promise<void>
    }
  | { readonly kind: 'taken' }
  /** Whoever asked went away meanwhile. */
  | { readonly kind: 'unwanted' }
  | { readonly kind: 'noStorage'; readonly reason: 'missing' | 'full' }

/** Network and disk of the page: slow enough to be seen, ZooKeeper's own timing otherwise. */
export function configFrom({ servers, seed }: Options, wallStartMs: number): RunConfig {
  return {
    servers,
    seed,
    latencyUs: { min: 20_000, max: 30_000 },
    diskSyncUs: { min: 2000, max: 6000 },
    tickTimeMs: 2000,
    initLimit: 10,
    syncLimit: 5,
    wallStartMs,
    // Ten times as often as ZooKeeper, so that a reload has little to replay.
    snapCount: 10_000,
    // Off by default in ZooKeeper: without it no znode has a time to live.
    knobs: { extendedTypesEnabled: true },
    // For the checkers.
    witness: 'disk',
    autostart: Array.from({ length: servers }, (_, index) => index + 1),
  }
}

/** Opens the ensemble that the options ask for. Nothing is touched unless the answer is `open`. `isWanted` is asked before
 *  anything is claimed or started: React's strict mode opens twice and wants only the second. */
export async function openEnsemble(
  host: Host,
  options: Options,
  memory: Memory,
  wallStartMs: number,
  isWanted: () => boolean,
): Promise<Opened> {
  const config = configFrom(options, wallStartMs)
  await Promise.resolve()
  if (!isWanted()) return { kind: 'unwanted' }
  if (options.storage === 'memory' || options.scenario !== undefined)
    return opened(await host.open(config, 'memory', newId()), 'memory', nobodys)
  const storage = await host.storage()
  if (storage !== 'ready') return { kind: 'noStorage', reason: storage }
  const id = rememberedId(memory, options.servers)
  const claim = await host.claim(id)
  if (claim === 'taken') return { kind: 'taken' }
  if (!isWanted()) {
    claim.release()
    return { kind: 'unwanted' }
  }
  try {
    return opened(await host.open(config, 'opfs', id), 'opfs', claim)
  } catch (error) {
    claim.release()
    throw error
  }
}

const nobodys: Claim = { release: () => {} }

function opened(ensemble: Ensemble, storage: Storage, claim: Claim): Opened {
  const close = async (): Promise<void> => {
    await ensemble.dispose()
    claim.release()
  }
  return { kind: 'open', ensemble, storage, close }
}

export interface Memory {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** A reload must find the same files; an ensemble of another size is another ensemble. */
function rememberedId(memory: Memory, servers: number): string {
  const key = `ensemble-of-${servers}`
  const known = memory.getItem(key)
  if (known !== null && /^[a-z0-9-]{1,64}$/.test(known)) return known
  const id = newId()
  memory.setItem(key, id)
  return id
}

const newId = (): string => crypto.randomUUID()
