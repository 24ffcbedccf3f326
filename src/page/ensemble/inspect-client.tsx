import { useTranslation } from 'react-i18next'
import { hex64 } from '../../core/wire/ids.ts'
import { usePicture } from '../store/hooks.ts'
import { Fact, Facts, Note } from './facts.tsx'
import { Timers } from './timers.tsx'

export function InspectClient({ station }: { readonly station: number }) {
  const { t } = useTranslation()
  const client = usePicture((picture) => picture.clients.get(station))
  if (client === undefined || !client.running) return <Note>{t(($) => $.inspector.gone)}</Note>
  return (
    <>
      <Facts>
        <Fact name={t(($) => $.inspector.state)}>{client.state}</Fact>
        <Fact name={t(($) => $.inspector.at)}>{client.server ?? t(($) => $.inspector.none)}</Fact>
        <Fact name={t(($) => $.inspector.session)}>{hex64(client.session)}</Fact>
      </Facts>
      <Facts title={t(($) => $.inspector.watches)}>
        {client.watches.length === 0 && <Fact name={t(($) => $.inspector.none)}>{null}</Fact>}
        {client.watches.map(({ path, watch }) => (
          <Fact key={`${path} ${watch}`} name={path}>
            {watch}
          </Fact>
        ))}
      </Facts>
      <Timers timers={client.timers} />
      {client.pending.length > 0 && (
        <Facts title={t(($) => $.inspector.pending)}>
          {client.pending.map(({ xid, op, path }) => (
            <Fact key={xid} name={t(($) => $.inspector.request, { xid, op, path: path ?? '' })}>
              {null}
            </Fact>
          ))}
        </Facts>
      )}
    </>
  )
}
