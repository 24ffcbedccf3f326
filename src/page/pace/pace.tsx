import { Pause, Play, StepForward } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useShallow } from 'zustand/react/shallow'
import { Button } from '../parts/button.tsx'
import { duration } from '../parts/duration.ts'
import { usePage } from '../store/hooks.ts'
import type { PageState } from '../store/state.ts'
import { keys } from './keys.ts'
import styles from './pace.module.css'
import { POSITIONS, paceWords, positionOf, rateAt, stretchOf, USUAL_LATENCY_US } from './scale.ts'

const selectTime = ({ speed, paused, pace, waitingFor, pause, resume, step, setSpeed }: PageState) => ({
  speed,
  paused,
  pace,
  waitingFor,
  pause,
  resume,
  step,
  setSpeed,
})

/** Pause, step, and how fast virtual time goes; it always says how fast that is. */
export function Pace() {
  const { t } = useTranslation()
  const { speed, paused, pace, waitingFor, pause, resume, step, setSpeed } = usePage(useShallow(selectTime))
  const latencyUs = usePage((page) => page.config.latencyUs)
  // While paused the handle stays where the run will go on.
  const shown = speed === 'auto' ? (typeof pace === 'number' ? pace : 1) : speed
  const words = paceWords(paused ? 'paused' : pace)
  const text =
    words.kind === 'slower' || words.kind === 'faster'
      ? t(($) => $.pace[words.kind], { times: words.times })
      : t(($) => $.pace[words.kind])
  const times = stretchOf(latencyUs)
  return (
    // biome-ignore lint/a11y/useSemanticElements: no form here
    <div role="group" aria-label={t(($) => $.pace.name)} className={styles.pace}>
      <Button
        className={styles.pause}
        title={t(($) => $.pace.key, { key: keys.pause.label })}
        aria-keyshortcuts={keys.pause.aria}
        onClick={paused ? resume : pause}
      >
        {paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
        {paused ? t(($) => $.pace.resume) : t(($) => $.pace.pause)}
      </Button>
      <Button
        title={`${t(($) => $.pace.stepHint)} (${keys.step.label})`}
        aria-keyshortcuts={keys.step.aria}
        onClick={() => void step()}
      >
        <StepForward size={14} aria-hidden />
        {t(($) => $.pace.step)}
      </Button>
      <div className={styles.speed} data-auto={speed === 'auto'}>
        <input
          type="range"
          min={0}
          max={POSITIONS}
          step={5}
          value={shown === 'max' ? POSITIONS : positionOf(shown)}
          aria-label={t(($) => $.pace.speed)}
          aria-valuetext={text}
          onChange={(event) => setSpeed(rateAt(Number(event.target.value)))}
        />
        <span className={styles.notch} aria-hidden="true" />
      </div>
      <Button
        aria-pressed={speed === 'auto'}
        title={`${t(($) => $.pace.autoHint)} (${keys.auto.label})`}
        aria-keyshortcuts={keys.auto.aria}
        onClick={() => setSpeed(speed === 'auto' ? (typeof pace === 'number' ? pace : 1) : 'auto')}
      >
        {t(($) => $.pace.auto)}
      </Button>
      <p className={styles.words}>
        <span className={styles.rate} data-paused={paused}>
          {waitingFor === undefined || paused ? text : `${text} ${t(($) => $.pace.waiting, { condition: waitingFor })}`}
        </span>
        <span
          className={styles.stretch}
          title={t(($) => $.pace.stretchedHint, {
            min: duration(latencyUs.min),
            max: duration(latencyUs.max),
            usual: duration(USUAL_LATENCY_US),
          })}
        >
          {t(($) => $.pace.stretched, { times })}
        </span>
      </p>
    </div>
  )
}
