/** What a server may say only after its disk has said it: looked for in a whole trace. Each answer is a sentence.
 *  Names in brackets are those of the design's invariants. The disk here never loses what was written. */
import type { TraceEvent } from '../../src/core/trace.ts'
import { counterOf, hex64, type Zxid } from '../../src/core/wire/ids.ts'

interface Disk {
  durable: Zxid
  currentEpoch: number
}

export function brokenPromises(events: readonly TraceEvent[], voters: number): string[] {
  const broken: string[] = []
  const disks = new Map<number, Disk>()
  const disk = (station: number): Disk => {
    let known = disks.get(station)
    if (known === undefined) {
      known = { durable: 0n as Zxid, currentEpoch: 0 }
      disks.set(station, known)
    }
    return known
  }
  let lastCommitted = 0n
  for (const event of events) {
    const { station } = event
    switch (event.kind) {
      case 'recovered':
        disk(station).currentEpoch = event.currentEpoch
        disk(station).durable = event.zxid
        break
      case 'truncated':
      case 'snapInstalled':
        disk(station).durable = event.zxid
        break
      case 'durable':
        disk(station).durable = event.zxid
        break
      case 'epochCurrent':
        disk(station).currentEpoch = event.epoch
        break
      case 'message':
        if (event.note.type !== 'ACK' || event.note.zxid === undefined) break
        if (counterOf(event.note.zxid as Zxid) !== 0 && disk(station).durable < event.note.zxid)
          broken.push(`server ${station} ACKed ${hex64(event.note.zxid)} before it was on its disk [D-1]`)
        break
      case 'newLeaderAck':
        if (disk(station).currentEpoch !== event.epoch)
          broken.push(`server ${station} ACKed NEWLEADER of epoch ${event.epoch} before currentEpoch was durable [E-4]`)
        if (disk(station).durable < event.zxid)
          broken.push(`server ${station} ACKed NEWLEADER before ${hex64(event.zxid)} was on its disk [S-1]`)
        break
      case 'committed': {
        const holders = [...disks.values()].filter(({ durable }) => durable >= event.zxid).length
        if (holders * 2 <= voters) broken.push(`${hex64(event.zxid)} was committed with ${holders} on disk [Z-8]`)
        if (event.zxid <= lastCommitted)
          broken.push(`${hex64(event.zxid)} was committed after ${hex64(lastCommitted)} [Z-5]`)
        lastCommitted = event.zxid
        break
      }
    }
  }
  return broken
}
