import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EventId } from '../../core/trace.ts'
import { asZxid, hex64 } from '../../core/wire/ids.ts'
import type { MessagePicture } from '../../trace/picture.ts'
import { moment } from '../parts/duration.ts'
import { CopyableZxid } from '../parts/zxid.tsx'
import { usePicture } from '../store/hooks.ts'
import { Fact, Facts, Note } from './facts.tsx'

/** A message leaves the picture when it arrives; what was said of it stays here until something else is chosen. */
export function InspectMessage({ id }: { readonly id: EventId }) {
  const { t } = useTranslation()
  const present = usePicture((picture) =>
    picture.messages.find((message) => message.id.station === id.station && message.id.seq === id.seq),
  )
  const [last, setLast] = useState<MessagePicture>()
  if (present !== undefined && present !== last) setLast(present)
  const message = present ?? last
  if (message === undefined) return <Note>{t(($) => $.inspector.arrived)}</Note>
  const { note } = message
  const detail = Object.entries(note.detail ?? {})
  return (
    <>
      {present === undefined && <Note>{t(($) => $.inspector.arrived)}</Note>}
      <Facts>
        <Fact name={t(($) => $.inspector.type)}>{note.type}</Fact>
        <Fact name={t(($) => $.inspector.from)}>{message.from}</Fact>
        <Fact name={t(($) => $.inspector.to)}>{message.to}</Fact>
        {note.zxid !== undefined && (
          <Fact name={t(($) => $.stage.zxid)}>
            <CopyableZxid value={asZxid(note.zxid)} />
          </Fact>
        )}
        <Fact name={t(($) => $.inspector.size)}>{t(($) => $.inspector.bytes, { count: message.sizeBytes })}</Fact>
        <Fact name={t(($) => $.inspector.sent)}>{moment(message.sentAt)}</Fact>
        <Fact name={t(($) => $.inspector.arrives)}>{moment(message.arrivesAt)}</Fact>
      </Facts>
      {detail.length > 0 && (
        <Facts title={t(($) => $.inspector.detail)}>
          {detail.map(([name, value]) => (
            <Fact key={name} name={name}>
              {typeof value === 'bigint' ? hex64(value) : String(value)}
            </Fact>
          ))}
        </Facts>
      )}
    </>
  )
}
