/** The mark: a leader under a bell jar. */
export function Mark() {
  return (
    <svg width="26" height="26" viewBox="0 0 26 26" aria-hidden="true" focusable="false">
      <path
        d="M4.5,21.5V12.5a8.5,8.5 0 0 1 17,0V21.5"
        fill="none"
        stroke="var(--ink)"
        strokeWidth="1.5"
        strokeLinecap="round"
      />
      <path d="M2,22.5H24" stroke="var(--ink)" strokeWidth="2" strokeLinecap="round" />
      <circle cx="13" cy="2.6" r="1.4" fill="var(--ink)" />
      <path d="M13,8.6l4,2.3v4.6l-4,2.3l-4,-2.3v-4.6Z" fill="var(--accent)" />
    </svg>
  )
}
