/** Draws what moves: messages on their way and deadlines running out. Everything is computed from the picture at the cursor,
 *  nothing is remembered from one frame to the next: forward, backward and frozen are the same code. */
import { epochOf, hex64, type Zxid } from '../../core/wire/ids.ts'
import type { MessagePicture, Picture } from '../../trace/picture.ts'
import { epochSlot } from '../parts/epoch.ts'
import { blockScale, type Form, formOf, outlines } from '../parts/message-form.tsx'
import type { Point } from './geometry.ts'
import type { MarkSize, StageLayout } from './layout.ts'
import { LANE_OFFSET, pointOn, stretchOf, type Way, type Ways } from './ways.ts'

/** Resolved colours of the theme: a canvas knows no custom properties. */
export interface Inks {
  /** Slot 0 … 6, see epochSlot. */
  readonly epochs: readonly string[]
  readonly paper: string
  readonly ink: string
  readonly faint: string
  readonly accent: string
  /** What burns. */
  readonly ember: string
  readonly mono: string
}

export interface Sighting extends Point {
  readonly message: MessagePicture
}

/** Stations from here on are clients. */
const FIRST_CLIENT = 101
const TRAIL = 30

const paths = new Map<Form, Path2D>()
function pathOf(form: Form): Path2D {
  const known = paths.get(form) ?? new Path2D(outlines[form].path)
  paths.set(form, known)
  return known
}

/** Share of the way behind it, 0 … 1. */
export function progress(message: Pick<MessagePicture, 'sentAt' | 'arrivesAt'>, at: number): number {
  const whole = message.arrivesAt - message.sentAt
  return whole <= 0 ? 1 : Math.min(1, Math.max(0, (at - message.sentAt) / whole))
}

export function epochOfMessage(message: MessagePicture, picture: Picture): number {
  const { zxid, detail } = message.note
  if (zxid !== undefined && zxid > 0n) return epochOf(zxid as Zxid)
  if (typeof detail?.peerEpoch === 'number') return detail.peerEpoch
  return (picture.servers.get(message.from) ?? picture.servers.get(message.to))?.currentEpoch ?? 0
}

interface Emphasis {
  /** Messages of this form stand out, the others step back. */
  readonly form: Form | undefined
  /** This message has a ring around it. */
  readonly message: MessagePicture['id'] | undefined
  /** Motion is unwelcome: a message stands half-way until it has arrived. */
  readonly still: boolean
}

/** @returns where each message was drawn, for pointing at it. */
export function drawFlight(
  context: CanvasRenderingContext2D,
  picture: Picture,
  layout: StageLayout,
  ways: Ways,
  inks: Inks,
  emphasis: Emphasis,
): Sighting[] {
  drawDeadlines(context, picture, layout, inks)
  const sightings: Sighting[] = []
  for (const message of picture.messages) {
    const way = ways.between(message.from, message.to, LANE_OFFSET)
    if (way === undefined) continue
    const done = emphasis.still ? 0.5 : progress(message, picture.at)
    const { x, y } = pointOn(way, done)
    const form = formOf(message.note, message.from < FIRST_CLIENT)
    const colour = inks.epochs[epochSlot(epochOfMessage(message, picture))] ?? inks.ink
    const faded = emphasis.form !== undefined && emphasis.form !== form
    context.globalAlpha = faded ? 0.15 : 1
    if (form !== 'ping') drawTrail(context, way, done, colour)
    drawForm(context, { x, y }, form, colour, message, inks)
    const chosen = emphasis.message
    if (chosen !== undefined && chosen.station === message.id.station && chosen.seq === message.id.seq)
      ring(context, { x, y }, inks.accent)
    sightings.push({ x, y, message })
  }
  context.globalAlpha = 1
  return sightings
}

/** The last stretch of its way, getting thinner. */
function drawTrail(context: CanvasRenderingContext2D, way: Way, done: number, colour: string): void {
  const length = Math.hypot(way.to.x - way.from.x, way.to.y - way.from.y)
  if (length * done < 1) return
  const { from: tail, control, to: end } = stretchOf(way, Math.max(0, done - TRAIL / length), done)
  const fade = context.createLinearGradient(tail.x, tail.y, end.x, end.y)
  fade.addColorStop(0, 'transparent')
  fade.addColorStop(1, colour)
  context.strokeStyle = fade
  context.lineWidth = 2
  context.lineCap = 'round'
  context.setLineDash([])
  context.beginPath()
  context.moveTo(tail.x, tail.y)
  context.quadraticCurveTo(control.x, control.y, end.x, end.y)
  context.stroke()
}

function drawForm(
  context: CanvasRenderingContext2D,
  { x, y }: Point,
  form: Form,
  colour: string,
  message: MessagePicture,
  inks: Inks,
): void {
  const { look } = outlines[form]
  const path = pathOf(form)
  context.save()
  context.translate(x, y)
  if (form === 'block') {
    const scale = blockScale(message.sizeBytes)
    context.scale(scale, scale)
  }
  context.lineJoin = 'round'
  context.lineCap = 'round'
  context.setLineDash([])
  // A rim of paper keeps forms apart from lines and from each other.
  context.strokeStyle = inks.paper
  context.lineWidth = look === 'line' ? 5 : form === 'ping' ? 1.5 : 3.5
  context.stroke(path)
  context.fillStyle = look === 'solid' ? colour : inks.paper
  if (look !== 'line') context.fill(path)
  if (look !== 'solid') {
    context.strokeStyle = colour
    context.lineWidth = look === 'line' ? 2.4 : 1.7
    context.stroke(path)
  }
  if (form === 'vote') {
    const leader = message.note.detail?.leader
    if (leader !== undefined) {
      context.fillStyle = inks.ink
      context.font = `600 10px ${inks.mono}`
      context.textAlign = 'center'
      context.textBaseline = 'middle'
      context.fillText(String(leader), 0, 0.5)
    }
  }
  context.restore()
}

function ring(context: CanvasRenderingContext2D, { x, y }: Point, colour: string): void {
  context.globalAlpha = 1
  context.strokeStyle = colour
  context.lineWidth = 2
  context.setLineDash([])
  context.beginPath()
  context.arc(x, y, 13, 0, 2 * Math.PI)
  context.stroke()
}

// ---- deadlines

interface Span {
  readonly setAt: number
  readonly dueAt: number
}

/** Share of the time that is left, 0 … 1. */
export function remaining({ setAt, dueAt }: Span, at: number): number {
  const whole = dueAt - setAt
  return whole <= 0 ? 0 : Math.min(1, Math.max(0, (dueAt - at) / whole))
}

/** The inner arc shows what is waited for (a decision, votes, the next tick), the outer one how long silence or
 *  synchronization may last; of several limits the one that is due first. */
export function arcsOf(timers: ReadonlyMap<number, Span & { readonly note: { readonly name: string } }>): {
  readonly wait: Span | undefined
  readonly limit: Span | undefined
} {
  let wait: (Span & { rank: number }) | undefined
  let limit: Span | undefined
  const ranks: { readonly [name: string]: number } = { finalizeWait: 3, notification: 2, tick: 1 }
  for (const timer of timers.values()) {
    const rank = ranks[timer.note.name]
    if (rank !== undefined) {
      if (wait === undefined || rank > wait.rank) wait = { setAt: timer.setAt, dueAt: timer.dueAt, rank }
    } else if (timer.note.name === 'initLimit' || timer.note.name === 'syncLimit') {
      if (limit === undefined || timer.dueAt < limit.dueAt) limit = timer
    }
  }
  return { wait, limit }
}

function drawDeadlines(context: CanvasRenderingContext2D, picture: Picture, layout: StageLayout, inks: Inks): void {
  const sessions = new Map<string, Span>()
  for (const { sid, x, y } of layout.servers) {
    const server = picture.servers.get(sid)
    if (server === undefined || server.process !== 'running') continue
    const { wait, limit } = arcsOf(server.timers)
    if (wait !== undefined) arc(context, x, y, layout.radius + 4, remaining(wait, picture.at), 2, inks.faint)
    if (limit !== undefined) arc(context, x, y, layout.radius + 8, remaining(limit, picture.at), 1.25, inks.faint)
    for (const timer of server.timers.values())
      if (timer.note.name === 'session' && timer.note.about !== undefined) sessions.set(timer.note.about, timer)
  }
  for (const { station, x, y } of layout.clients) {
    const client = picture.clients.get(station)
    if (client === undefined) continue
    // Without a session: the next attempt to connect.
    const span =
      sessions.get(hex64(client.session)) ??
      [...client.timers.values()].find((timer) => timer.note.name === 'reconnect')
    if (span !== undefined) pill(context, x, y, layout.client, remaining(span, picture.at), inks.faint)
  }
}

/** What is left lies before twelve o'clock: the gap grows clockwise from there. */
function arc(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  left: number,
  width: number,
  colour: string,
): void {
  if (left <= 0) return
  const top = -Math.PI / 2
  context.strokeStyle = colour
  context.lineWidth = width
  context.lineCap = 'butt'
  context.setLineDash([])
  context.beginPath()
  context.arc(x, y, radius, top + (1 - left) * 2 * Math.PI, top + 2 * Math.PI)
  context.stroke()
}

/** The same around a client, whose mark is a pill. */
function pill(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  { width, height }: MarkSize,
  left: number,
  colour: string,
): void {
  const half = (width - height) / 2
  const radius = height / 2 + 3.5
  const length = 4 * half + 2 * Math.PI * radius
  context.strokeStyle = colour
  context.lineWidth = 1.25
  context.lineCap = 'butt'
  // Drawn counter-clockwise from the top, so that what is left ends there.
  context.setLineDash([left * length, length])
  context.beginPath()
  context.moveTo(x, y - radius)
  context.lineTo(x - half, y - radius)
  context.arc(x - half, y, radius, -Math.PI / 2, Math.PI / 2, true)
  context.lineTo(x + half, y + radius)
  context.arc(x + half, y, radius, Math.PI / 2, -Math.PI / 2, true)
  context.lineTo(x, y - radius)
  context.stroke()
  context.setLineDash([])
}
