import { type PointerEvent, type Ref, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asZxid } from '../../core/wire/ids.ts'
import type { MessagePicture, Picture } from '../../trace/picture.ts'
import { duration } from '../parts/duration.ts'
import type { Form } from '../parts/message-form.tsx'
import { Zxid } from '../parts/zxid.tsx'
import { useMedia } from '../shell/media.ts'
import { areaOf } from '../store/anchors.ts'
import { useFrame, usePage, usePicture, useVivarium } from '../store/hooks.ts'
import { Client, Crowd } from './client.tsx'
import { drawThreads } from './draw-threads.ts'
import { drawFlight, type Sighting } from './flight.ts'
import { FlightStrip } from './flight-strip.tsx'
import { useInks } from './inks.ts'
import { layoutRing, layoutStage } from './layout.ts'
import { Links } from './links.tsx'
import { logColumns } from './log-columns.ts'
import { Middle } from './middle.tsx'
import { Server } from './server.tsx'
import styles from './stage.module.css'
import { Ways } from './ways.ts'

/** How near to a message one must point, CSS pixels. */
const REACH = 14
/** More columns than any strip has room for. */
const COLUMNS = 13

const selectSids = (picture: Picture) => [...picture.servers.keys()]
const selectClients = (picture: Picture) =>
  [...picture.clients.values()]
    .filter(({ running }) => running)
    .map(({ station, server }) => `${station} ${server ?? ''}`)
const selectColumns = (picture: Picture) => logColumns(picture.servers.values(), COLUMNS)

/** The ring of servers, their clients, the lines between them, and what travels on the lines. */
export function Stage() {
  const { t } = useTranslation()
  const sids = usePicture(selectSids)
  const clientKeys = usePicture(selectClients)
  const columns = usePicture(selectColumns)
  const selected = usePage((page) => page.selected)
  const select = usePage((page) => page.select)
  const [size, setSize] = useState<{ readonly width: number; readonly height: number }>()
  const [lit, setLit] = useState<Form>()
  const [pointed, setPointed] = useState<Sighting>()
  const room = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const tip = useRef<HTMLDivElement>(null)
  const { playback, anchors } = useVivarium()
  const still = useMedia('(prefers-reduced-motion: reduce)')
  const sightings = useRef<readonly Sighting[]>([])
  const inks = useInks()

  useEffect(() => {
    const element = room.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => {
      const box = entry?.contentRect
      if (box !== undefined && box.width > 0 && box.height > 0)
        setSize({ width: Math.floor(box.width), height: Math.floor(box.height) })
      anchors.stage = areaOf(element)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [anchors])

  const ring = useMemo(() => (size === undefined ? undefined : layoutRing({ ...size, servers: sids })), [size, sids])
  const clientsKey = clientKeys.join(';')
  const layout = useMemo(() => {
    if (size === undefined || ring === undefined) return undefined
    const clients = clientsKey === '' ? [] : clientsKey.split(';').map((key) => key.split(' '))
    return layoutStage(
      {
        ...size,
        servers: sids,
        clients: clients.map(([station, server]) => ({
          station: Number(station),
          server: server === '' || server === undefined ? undefined : Number(server),
        })),
      },
      ring,
    )
  }, [size, ring, sids, clientsKey])
  const ways = useMemo(() => (layout === undefined ? undefined : new Ways(layout)), [layout])

  const draw = (picture: Picture) => {
    const context = canvas.current?.getContext('2d')
    if (canvas.current === null || context === null || context === undefined) return
    if (layout === undefined || ways === undefined || size === undefined || inks === undefined) return
    const scale = window.devicePixelRatio || 1
    const width = Math.round(size.width * scale)
    const height = Math.round(size.height * scale)
    if (canvas.current.width !== width) canvas.current.width = width
    if (canvas.current.height !== height) canvas.current.height = height
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, size.width, size.height)
    const message = pointed?.message.id ?? (selected?.kind === 'message' ? selected.id : undefined)
    drawThreads(context, picture, layout, ways, anchors, inks, still)
    sightings.current = drawFlight(context, picture, layout, ways, inks, { form: lit, message, still })
    if (pointed === undefined) return
    // The tip goes with its message, and ends with it.
    const now = sightings.current.find((sighting) => sighting.message === pointed.message)
    if (now === undefined) setPointed(undefined)
    else if (tip.current !== null) moveTip(tip.current, now, size.width, picture.at)
  }
  useFrame(draw)
  const latest = useRef(draw)
  useEffect(() => {
    latest.current = draw
  })
  // While time stands still, a new size, theme or emphasis still has to be drawn.
  // biome-ignore lint/correctness/useExhaustiveDependencies: all that `draw` depends on, but for the picture
  useEffect(() => draw(playback.picture), [layout, inks, lit, pointed, selected, still, playback])

  // Rows of the tree have moved.
  useEffect(() => anchors.onChange(() => latest.current(playback.picture)), [anchors, playback])

  const near = ({ clientX, clientY, currentTarget }: PointerEvent<HTMLDivElement>): Sighting | undefined => {
    const box = currentTarget.getBoundingClientRect()
    const x = clientX - box.left
    const y = clientY - box.top
    let best: { readonly distance: number; readonly sighting: Sighting } | undefined
    for (const sighting of sightings.current) {
      const distance = Math.hypot(sighting.x - x, sighting.y - y)
      if (distance <= REACH && (best === undefined || distance < best.distance)) best = { distance, sighting }
    }
    return best?.sighting
  }

  return (
    <section className={styles.stage} aria-label={t(($) => $.stage.name)}>
      {/* Pointing at a moving message is for those who can; the strip below and the event list say the same to all. */}
      <div
        ref={room}
        className={styles.ring}
        data-pointing={pointed !== undefined}
        onPointerMove={(event) => {
          const found = near(event)
          if (found?.message !== pointed?.message) setPointed(found)
        }}
        onPointerLeave={() => setPointed(undefined)}
        onPointerUp={(event) => {
          const found = near(event)
          if (found !== undefined && !(event.target as Element).closest('button'))
            select({ kind: 'message', id: found.message.id })
        }}
      >
        {layout !== undefined && ways !== undefined && (
          <>
            <Links ways={ways} width={layout.width} height={layout.height} />
            <Middle layout={layout} />
            {layout.servers.map((place) => (
              <Server key={place.sid} place={place} layout={layout} columns={columns} />
            ))}
            {layout.clients.map((place) => (
              <Client key={place.station} place={place} size={layout.client} />
            ))}
            {layout.crowd !== undefined && <Crowd crowd={layout.crowd} size={layout.client} />}
          </>
        )}
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can have the focus */}
        <canvas ref={canvas} className={styles.flight} aria-hidden="true" />
        {pointed !== undefined && <Tip ref={tip} message={pointed.message} />}
      </div>
      <FlightStrip lit={lit} onLight={setLit} corner={layout?.mode === 'side'} />
    </section>
  )
}

interface TipProps {
  readonly message: MessagePicture
  readonly ref: Ref<HTMLDivElement>
}

function Tip({ message, ref }: TipProps) {
  const { t } = useTranslation()
  const { note, from, to } = message
  return (
    <div ref={ref} className={styles.tip}>
      <b>{note.type}</b>
      {note.zxid !== undefined && note.zxid > 0n && <Zxid value={asZxid(note.zxid)} />}
      <span>{t(($) => $.stage.flight.route, { from, to })}</span>
      <span data-left="" />
    </div>
  )
}

function moveTip(tip: HTMLDivElement, { x, y, message }: Sighting, width: number, at: number): void {
  tip.style.left = `${x}px`
  tip.style.top = `${y}px`
  tip.dataset.flip = String(x > width - 170)
  const left = tip.querySelector('[data-left]')
  if (left !== null) left.textContent = duration(message.arrivesAt - at)
}
