/// <reference lib="webworker" />
import { launch } from '../launch.ts'
import type { ToStation } from './protocol.ts'
import { StationHost } from './station-host.ts'

const host = new StationHost(launch, (message) => postMessage(message))
addEventListener('message', ({ data }: MessageEvent<ToStation>) => host.receive(data))
