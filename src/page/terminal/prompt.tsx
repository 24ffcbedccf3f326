import styles from './terminal.module.css'

/** zkCli's prompt. A long list of servers is cut for the eye; the text is whole. */
export function Prompt({ text }: { readonly text: string }) {
  const [, head = text, servers = '', tail = ''] = /^(\[zk: )(.*)(\([A-Z_]+\) \d+\] )$/.exec(text) ?? []
  return (
    <span className={styles.prompt}>
      {head}
      <span className={styles.servers}>{servers}</span>
      {tail}
    </span>
  )
}
