export const parts = {
  copy: 'Copy {{text}}',
  copied: 'copied',
  close: 'Close',
}
