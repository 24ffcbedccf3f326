import { X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../parts/button.tsx'
import { Pane } from '../parts/pane.tsx'
import { usePage } from '../store/hooks.ts'
import { InspectClient } from './inspect-client.tsx'
import { InspectMessage } from './inspect-message.tsx'
import { InspectServer } from './inspect-server.tsx'

/** Everything about what was chosen on the stage. It stays, and stays true, while time moves. */
export function Inspector() {
  const { t } = useTranslation()
  const selected = usePage((page) => page.selected)
  const select = usePage((page) => page.select)
  if (selected === undefined) return null
  const title =
    selected.kind === 'server'
      ? t(($) => $.inspector.server, { sid: selected.sid })
      : selected.kind === 'client'
        ? t(($) => $.inspector.client, { station: selected.station })
        : t(($) => $.inspector.message)
  return (
    <Pane
      title={title}
      aside={
        <IconButton label={t(($) => $.parts.close)} size="small" onClick={() => select(undefined)}>
          <X size={14} aria-hidden />
        </IconButton>
      }
    >
      {selected.kind === 'server' && <InspectServer key={selected.sid} sid={selected.sid} />}
      {selected.kind === 'client' && <InspectClient key={selected.station} station={selected.station} />}
      {selected.kind === 'message' && (
        <InspectMessage key={`${selected.id.station}.${selected.id.seq}`} id={selected.id} />
      )}
    </Pane>
  )
}
