import type { ComponentProps } from 'react'
import styles from './button.module.css'
import { classes } from './classes.ts'

interface ButtonProps extends ComponentProps<'button'> {
  /** strong: the one thing that the page invites to. quiet: no frame until it is pointed at. */
  readonly look?: 'plain' | 'strong' | 'quiet'
}

export function Button({ look = 'plain', className, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={classes(styles.button, look !== 'plain' && styles[look], className)} />
  )
}

interface IconButtonProps extends Omit<ButtonProps, 'aria-label'> {
  /** Its name for everybody: read out, and shown when pointed at. */
  readonly label: string
  readonly size?: 'normal' | 'small'
}

export function IconButton({ label, size = 'normal', look = 'quiet', className, ...rest }: IconButtonProps) {
  return (
    <Button
      title={label}
      {...rest}
      aria-label={label}
      look={look}
      className={classes(styles.icon, size === 'small' && styles.small, className)}
    />
  )
}
