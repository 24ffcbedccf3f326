import { memo } from 'react'
import type { ConnectionPicture, Picture } from '../../trace/picture.ts'
import { epochColour } from '../parts/epoch.ts'
import { usePicture } from '../store/hooks.ts'
import styles from './links.module.css'
import type { Ways } from './ways.ts'

interface Link {
  readonly key: string
  readonly from: number
  readonly to: number
  readonly port: ConnectionPicture['port']
  readonly open: boolean
}

/** One line for each pair of stations and port, whoever asked for the connection and however often. */
export function linksOf(connections: Iterable<ConnectionPicture>): Link[] {
  const links = new Map<string, Link>()
  for (const { from, to, port, open } of connections) {
    const low = Math.min(from, to)
    const high = Math.max(from, to)
    const key = `${port} ${low} ${high}`
    links.set(key, { key, from: low, to: high, port, open: open || links.get(key)?.open === true })
  }
  return [...links.values()]
}

const selectConnections = (picture: Picture) => picture.connections
const selectEpochs = (picture: Picture) =>
  new Map([...picture.servers.values()].map((server) => [server.sid, server.currentEpoch] as const))

/** Connections as thin lines: the quorum's in the colour of the epoch, the election's dotted. */
export const Links = memo(function Links({
  ways,
  width,
  height,
}: {
  readonly ways: Ways
  readonly width: number
  readonly height: number
}) {
  const connections = usePicture(selectConnections)
  const epochs = usePicture(selectEpochs)
  return (
    <svg className={styles.links} width={width} height={height} aria-hidden="true">
      {linksOf(connections.values()).map(({ key, from, to, port, open }) => {
        const way = ways.between(from, to, 0)
        if (way === undefined) return null
        const epoch = port === 'quorum' ? Math.max(epochs.get(from) ?? 0, epochs.get(to) ?? 0) : 0
        return (
          <path
            key={key}
            d={`M${way.from.x},${way.from.y}Q${way.control.x},${way.control.y} ${way.to.x},${way.to.y}`}
            className={styles.link}
            data-port={port}
            data-open={open}
            style={port === 'quorum' ? { stroke: epochColour(epoch) } : undefined}
          />
        )
      })}
    </svg>
  )
})
