import { useTranslation } from 'react-i18next'
import { hex64 } from '../../core/wire/ids.ts'
import { classes } from '../parts/classes.ts'
import { usePage, usePicture } from '../store/hooks.ts'
import { agreementOf, shownServer } from './shown-server.ts'
import styles from './znodes.module.css'

/** Whose tree: one chip for each server, which also says how its tree stands beside the newest one. */
export function ServerChips() {
  const { t } = useTranslation()
  const choice = usePage((page) => page.treeServer)
  const show = usePage((page) => page.showTreeOf)
  const servers = usePicture((picture) => picture.servers)
  const shown = usePicture((picture) => shownServer(picture, choice)?.sid)
  return (
    <fieldset className={styles.chips}>
      <legend className="spoken">{t(($) => $.tree.whose)}</legend>
      {/* A server alone leads nobody. */}
      {servers.size > 1 && (
        <label className={styles.chip} title={t(($) => $.tree.leaders)}>
          <input
            type="radio"
            name="tree-of"
            className="spoken"
            checked={choice === 'leader'}
            onChange={() => show('leader')}
            aria-label={t(($) => $.tree.leaders)}
          />
          <span aria-hidden>{t(($) => $.tree.leader)}</span>
        </label>
      )}
      {[...servers.values()].map((server) => {
        const agreement = agreementOf(server, servers)
        const name = t(($) => $.tree.agreement[agreement], { sid: server.sid, zxid: hex64(server.lastApplied) })
        return (
          <label
            key={server.sid}
            className={classes(styles.chip, styles[agreement], shown === server.sid && styles.shown)}
            title={name}
          >
            <input
              type="radio"
              name="tree-of"
              className="spoken"
              checked={choice === server.sid || servers.size === 1}
              onChange={() => show(server.sid)}
              aria-label={name}
            />
            <span aria-hidden>{server.sid}</span>
          </label>
        )
      })}
    </fieldset>
  )
}
