import { useTranslation } from 'react-i18next'
import type { Picture, ServerPicture } from '../../trace/picture.ts'
import { duration } from '../parts/duration.ts'
import { usePicture } from '../store/hooks.ts'
import { Fact, Facts } from './facts.tsx'

const selectAt = (picture: Picture) => picture.at

/** Deadlines as text: what each is for, and how long it has left. The next one first. */
export function Timers({ timers }: { readonly timers: ServerPicture['timers'] }) {
  const { t } = useTranslation()
  const at = usePicture(selectAt)
  const sorted = [...timers].sort(([, a], [, b]) => a.dueAt - b.dueAt)
  return (
    <Facts title={t(($) => $.inspector.timers)}>
      {sorted.length === 0 && <Fact name={t(($) => $.inspector.noTimers)}>{null}</Fact>}
      {sorted.map(([id, { note, dueAt }]) => (
        <Fact
          key={id}
          name={`${t(($) => $.inspector.timer[note.name])} ${
            note.about === undefined ? '' : t(($) => $.inspector.about, { about: note.about })
          }`}
        >
          {duration(dueAt - at)}
        </Fact>
      ))}
    </Facts>
  )
}
