import { CircleHelp, Monitor, Moon, Sun } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { type Language, languages, setLanguage } from '../i18n/i18n.ts'
import { MuseumDoor } from '../museum/museum-door.tsx'
import { Pace } from '../pace/pace.tsx'
import { IconButton } from '../parts/button.tsx'
import styles from './header.module.css'
import { Legend } from './legend.tsx'
import { Mark } from './mark.tsx'
import { StatusLine } from './status-line.tsx'
import { useTheme } from './theme.ts'
import { Tries } from './tries.tsx'

const themeIcons = { system: Monitor, light: Sun, dark: Moon }
const LEGEND = 'legend'

interface HeaderProps {
  readonly museum: boolean
  readonly isOver: boolean
}

export function Header({ museum, isOver }: HeaderProps) {
  const { t, i18n } = useTranslation()
  const { theme, nextTheme } = useTheme()
  const ThemeIcon = themeIcons[theme]
  return (
    <header className={styles.header}>
      <div className={styles.bar}>
        <div className={styles.brand}>
          <Mark />
          <h1>{t(($) => $.shell.title)}</h1>
        </div>
        <Pace />
        <div className={styles.tools}>
          <MuseumDoor open={museum} />
          <IconButton label={t(($) => $.shell.help)} popoverTarget={LEGEND}>
            <CircleHelp size={17} aria-hidden />
          </IconButton>
          <IconButton label={t(($) => $.shell.theme[theme])} onClick={nextTheme}>
            <ThemeIcon size={17} aria-hidden />
          </IconButton>
          <select
            className={styles.language}
            aria-label={t(($) => $.shell.language)}
            value={i18n.resolvedLanguage ?? 'en'}
            onChange={(event) => setLanguage(event.target.value as Language)}
          >
            {languages.map(({ code, name }) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
            <option disabled>{t(($) => $.shell.chineseLater)}</option>
          </select>
        </div>
      </div>
      <div className={styles.caption}>
        <StatusLine />
        {!isOver && <Tries />}
      </div>
      <Legend id={LEGEND} />
    </header>
  )
}
