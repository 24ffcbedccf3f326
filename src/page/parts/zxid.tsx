import { Check, Copy } from 'lucide-react'
import { type CSSProperties, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { counterOf, epochOf, hex64, type Zxid as ZxidNumber } from '../../core/wire/ids.ts'
import { epochColour } from './epoch.ts'
import styles from './zxid.module.css'

interface ZxidProps {
  readonly value: ZxidNumber
}

/** Seen as "epoch · counter", both hexadecimal; its text, which is what is copied and searched, is 0x100000002. */
export function Zxid({ value }: ZxidProps) {
  const epoch = epochOf(value)
  return (
    <span
      className={styles.zxid}
      data-epoch={epoch.toString(16)}
      data-counter={counterOf(value).toString(16)}
      style={{ '--zxid-epoch': epochColour(epoch) } as CSSProperties}
    >
      <span className={styles.text}>{hex64(value)}</span>
      <span className={styles.dot} />
    </span>
  )
}

const COPIED_FOR_MS = 1200

/** The same with a button that puts 0x… on the clipboard. */
export function CopyableZxid({ value }: ZxidProps) {
  const { t } = useTranslation()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), COPIED_FOR_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = () => {
    navigator.clipboard?.writeText(hex64(value)).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  }
  return (
    <button type="button" className={styles.copy} onClick={copy} title={t(($) => $.parts.copy, { text: hex64(value) })}>
      <Zxid value={value} />
      {copied ? <Check size={11} aria-label={t(($) => $.parts.copied)} /> : <Copy size={11} aria-hidden />}
    </button>
  )
}
