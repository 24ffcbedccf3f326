import { useTranslation } from 'react-i18next'
import { addressWith, type ScenarioName } from '../options.ts'
import { isPiece } from './catalogue.ts'
import styles from './museum.module.css'
import { usePieces } from './pieces.ts'

/** Says that this run is not live: simulated, or a recording of one with a deliberate bug. */
export function ScenarioBanner({ scenario }: { readonly scenario: ScenarioName }) {
  const { t } = useTranslation()
  const name = scenario.kind === 'seed' ? '' : scenario.name
  const pieces = usePieces()
  const { title, bug } = isPiece(name) ? pieces[name] : { title: name, bug: name }
  const words =
    scenario.kind === 'seed'
      ? t(($) => (scenario.own ? $.museum.ownSeed : $.museum.seed), { seed: scenario.seed })
      : t(($) => (scenario.kind === 'exhibit' ? $.museum.simulated : $.museum.recorded), { title, bug })
  return (
    <aside className={styles.banner} data-kind={scenario.kind} aria-label={t(($) => $.museum.banner)}>
      <p>{words}</p>
      <p className={styles.ways}>
        {scenario.kind !== 'seed' && (
          <a
            href={addressWith(location.href, {
              scenario: `${scenario.kind === 'exhibit' ? 'recording' : 'exhibit'}:${scenario.name}`,
            })}
          >
            {t(($) => (scenario.kind === 'exhibit' ? $.museum.seeBug : $.museum.seeOurs))}
          </a>
        )}
        <a href={addressWith(location.href, { scenario: undefined, museum: undefined })}>{t(($) => $.museum.leave)}</a>
      </p>
    </aside>
  )
}
