/** Draws watches as threads from their clients towards the rows of the tree, which stands beside the stage or below it. */
import type { Picture } from '../../trace/picture.ts'
import { outlines } from '../parts/message-form.tsx'
import type { Anchors } from '../store/anchors.ts'
import type { Inks } from './flight.ts'
import type { Disc } from './geometry.ts'
import type { StageLayout } from './layout.ts'
import { type Thread, threadsOf } from './threads.ts'
import { pointOn, stretchOf, type Way, type Ways } from './ways.ts'

/** Beads of a recursive watch: so far apart. */
const BEADS = 13
/** Nearer to the corners of the stage no thread leaves it. */
const CORNER = 10

export function drawThreads(
  context: CanvasRenderingContext2D,
  picture: Picture,
  layout: StageLayout,
  ways: Ways,
  anchors: Anchors,
  inks: Inks,
  still: boolean,
): void {
  for (const thread of threadsOf(picture)) {
    const way = ways.towards(thread.client, exitOf(thread.path, layout, anchors))
    if (way !== undefined) drawThread(context, way, thread, inks, still)
  }
  context.globalAlpha = 1
}

/** Where a thread leaves the stage: at the right, level with the row; at the bottom where the tree is below, or not seen. */
function exitOf(path: string, { width, height }: StageLayout, { tree, stage }: Anchors): Disc {
  if (tree === undefined || stage === undefined) return { x: width / 4, y: height, radius: 0 }
  if (tree.left < stage.right - 1) return { x: CORNER, y: height, radius: 0 }
  const y = Math.min(height - CORNER, Math.max(CORNER, tree.yOf(path) - stage.top))
  return { x: width, y, radius: 0 }
}

function drawThread(
  context: CanvasRenderingContext2D,
  way: Way,
  { watch, news, burns, ash }: Thread,
  inks: Inks,
  still: boolean,
): void {
  context.strokeStyle = inks.accent
  context.lineCap = 'round'
  context.lineWidth = 1.25
  if (ash !== undefined) {
    context.globalAlpha = 0.45 * (still ? 1 : ash)
    context.setLineDash([0.5, 5])
    stroke(context, way)
    return
  }
  // The spark comes from the znode, which is the end of the way.
  const spark = news === undefined ? undefined : still ? 0.5 : 1 - news
  const left = burns && spark !== undefined && !still ? stretchOf(way, 0, spark) : way
  context.globalAlpha = news === undefined ? 0.6 : 0.9
  const isLasting = watch === 'persistent' || watch === 'persistentRecursive'
  context.setLineDash(isLasting ? [] : [4, 4])
  stroke(context, left)
  if (watch === 'persistentRecursive') {
    context.setLineDash([0.1, BEADS])
    context.lineWidth = 4
    stroke(context, left)
  }
  if (spark === undefined) return
  const { x, y } = pointOn(way, spark)
  context.save()
  context.translate(x, y)
  context.globalAlpha = 1
  context.fillStyle = burns ? inks.ember : inks.accent
  context.strokeStyle = inks.paper
  context.lineWidth = 2.5
  context.setLineDash([])
  const star = new Path2D(outlines.event.path)
  context.stroke(star)
  context.fill(star)
  context.restore()
}

function stroke(context: CanvasRenderingContext2D, { from, control, to }: Way): void {
  context.beginPath()
  context.moveTo(from.x, from.y)
  context.quadraticCurveTo(control.x, control.y, to.x, to.y)
  context.stroke()
}
