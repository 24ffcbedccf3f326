import type { ToStation } from '../../../src/hosts/browser/protocol.ts'
import { StationHost } from '../../../src/hosts/browser/station-host.ts'
import { launchToys } from '../../hosts/toy.ts'

const host = new StationHost(launchToys, (message) => postMessage(message))
addEventListener('message', ({ data }: MessageEvent<ToStation>) => host.receive(data))
